"""Calls side by side: their order, their errors, and the threads that libraries may use in them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from analyses.context import side_by_side


def test_results_come_in_order_from_calls_with_one_thread_each():
    before = torch.get_num_threads()

    def call(item):
        np.ones((9, 9)) @ np.ones((9, 9))
        blas = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        return item, torch.get_num_threads(), blas

    torch.set_num_threads(2)  # also on a machine of one core
    try:
        assert side_by_side(call, range(7)) == [(item, 1, {1}) for item in range(7)]
        assert torch.get_num_threads() == 2
        with ThreadPoolExecutor(1) as pool:  # a new thread takes torch's number for the whole process
            assert pool.submit(torch.get_num_threads).result() == 2
    finally:
        torch.set_num_threads(before)


def test_an_error_is_raised():
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda item: 1 // item, [1, 0, 2])
