"""States of generators as ints, strings, lists and dicts, for torch.save, JSON and pickle, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from zeta_geom.checks.parameters import check_choice
from zeta_geom.rng.seeds import AnyGenerator, is_torch_generator, torch_generator

if TYPE_CHECKING:
    import torch

FORMAT = 1  # of a stream's state; older states have no format
KEYS = ("format", "seed", "worker", "host", "device", "choices")
BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
LARGEST = {
    "pos": 624,
    "buffer_pos": 4,
    "has_uint32": 1,
    "uinteger": 2**32 - 1,
}  # NumPy's limits, which it does not check
SMALLEST_CPU = 100  # bytes; a torch state has 16 bytes on CUDA and about 5,000 on the CPU


@dataclass(frozen=True)
class StreamState:
    """The checked state of a stream."""

    seed: int
    worker: tuple[int, int] | None  # seed and rank of its loader worker
    host: AnyGenerator  # the generator of draws on the CPU
    device: dict[str, bytes]  # the state of the generator on each device
    choices: np.random.Generator | None  # the generator of choices of the program


def plain_state(generator: AnyGenerator) -> dict[str, Any]:
    """Return the state of a generator as ints, strings, lists and dicts."""
    if isinstance(generator, np.random.Generator):
        return {key: _plain(part) for key, part in generator.bit_generator.state.items()}
    return {"torch": str(generator.device), "state": bytes_of(generator).hex()}


def bytes_of(generator: torch.Generator) -> bytes:
    """Return the state of a torch.Generator as bytes."""
    return bytes(generator.get_state().numpy().tobytes())


def set_bytes(generator: torch.Generator, state: bytes) -> None:
    """Set a torch.Generator to a state that `bytes_of` returned; RuntimeError if it is of another device."""
    import torch

    generator.set_state(torch.tensor(list(state), dtype=torch.uint8))


def copy_state(source: AnyGenerator, target: AnyGenerator) -> bool:
    """Set `target` to the state of `source` if both are of one kind, and return whether they are."""
    if isinstance(source, np.random.Generator) and isinstance(target, np.random.Generator):
        if same := type(source.bit_generator) is type(target.bit_generator):
            target.bit_generator.state = source.bit_generator.state
        return same
    if not (is_torch_generator(source) and is_torch_generator(target)):
        return False
    if same := source.device.type == target.device.type:
        target.set_state(source.get_state())
    return same


def read_state(state: object, like: AnyGenerator | None = None) -> StreamState:
    """Return the checked state of a stream, with its generators, from the output of `state_dict`."""
    if not isinstance(state, Mapping):
        raise TypeError(f"state must be a dict that state_dict returned; got {type(state).__name__}.")
    state = dict(state) if "format" in state else _upgrade(state)
    if state["format"] != FORMAT:
        raise ValueError(
            f"state must have format {FORMAT}; got {state['format']!r}. Load it with the zeta_geom that saved it."
        )
    if set(state) != set(KEYS):
        raise ValueError(_other_keys("state", state, KEYS))
    worker, devices, choices = state["worker"], state["device"], state["choices"]
    if worker is not None and not (isinstance(worker, (tuple, list)) and len(worker) == 2):
        raise ValueError(f"state['worker'] must be None or two ints, seed and rank; got {worker!r}.")
    if not isinstance(devices, Mapping):
        raise ValueError(f"state['device'] must be a dict; got {type(devices).__name__}.")
    chooser = None if choices is None else _to_generator(choices, "state['choices']")
    if is_torch_generator(chooser):
        raise ValueError("state['choices'] must be the state of a NumPy generator; got that of a torch.Generator.")
    return StreamState(
        seed=_to_int(state["seed"], "state['seed']"),
        worker=None if worker is None else (_to_int(worker[0], "worker"), _to_int(worker[1], "worker")),
        host=_to_generator(state["host"], "state['host']", like),
        device={name: _device_bytes(name, text) for name, text in devices.items()},
        choices=chooser,
    )


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def _upgrade(state: Mapping[str, object]) -> dict[str, Any]:
    """Return a state without a format in the current form: its torch states were tensors."""

    def text(value: object) -> object:
        return value.cpu().numpy().tobytes().hex() if hasattr(value, "cpu") else value

    host: Any = state.get("host")
    devices = state.get("device")
    if hasattr(host, "numel"):
        host = {"torch": "cpu" if host.numel() > SMALLEST_CPU else "cuda", "state": text(host)}
    if isinstance(devices, Mapping):
        devices = {name: text(value) for name, value in devices.items()}
    changed = {"host": host, "device": devices}
    return dict(state) | {"format": FORMAT} | {name: value for name, value in changed.items() if name in state}


def _to_generator(state: object, name: str, like: AnyGenerator | None = None) -> AnyGenerator:
    """Return a new generator in a state that `plain_state` returned."""
    if not isinstance(state, Mapping) or not ("torch" in state or "bit_generator" in state):
        raise ValueError(f"{name} must be the state of a generator; got {type(state).__name__}.")
    if "torch" in state:
        return _to_torch_generator(state, name)
    kinds = {kind: getattr(np.random, kind) for kind in BIT_GENERATORS}
    if isinstance(like, np.random.Generator):
        kinds.setdefault(type(like.bit_generator).__name__, type(like.bit_generator))
    bit_generator = kinds[check_choice(state["bit_generator"], f"{name}['bit_generator']", kinds)](0)
    bit_generator.state = _shaped_like(state, bit_generator.state, name)
    return np.random.Generator(bit_generator)


def _to_torch_generator(state: Mapping[str, Any], name: str) -> torch.Generator:
    import torch

    if set(state) != {"torch", "state"}:
        raise ValueError(_other_keys(name, state, ("torch", "state")))
    content = _to_bytes(state["state"], f"{name}['state']")
    try:
        generator = torch.Generator(state["torch"])
        set_bytes(generator, content)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"{name} must be the state of a torch.Generator on an available device; "
            f"got {len(content)} bytes on {state['torch']!r}: {str(error).splitlines()[0]}"
        ) from error
    return generator


def _device_bytes(device: str, text: object) -> bytes:
    """Return the state of the generator on a device, after a test on that device if this machine has it."""
    import torch

    name = f"state['device'][{device!r}]"
    content = _to_bytes(text, name)
    try:
        torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"state['device'] must hold the names of devices; got {device!r}.") from error
    try:
        generator = torch_generator(0, device)
    except RuntimeError:  # this machine has no such device; the one that saved the state had
        return content
    try:
        set_bytes(generator, content)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{name} must be the whole state of a torch.Generator there; got {reason}") from error
    return content


def _to_bytes(text: object, name: str) -> bytes:
    try:
        return bytes.fromhex(text)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be bytes in hexadecimal; got a {type(text).__name__} that is not.") from error


def _to_int(value: object, name: str, largest: int | None = None) -> int:
    number = int(value) if isinstance(value, Integral) and not isinstance(value, (bool, np.bool_)) else -1
    if number < 0 or (largest is not None and number > largest):
        limit = "" if largest is None else f" of at most {largest}"
        raise ValueError(f"{name} must be a non-negative int{limit}; got {value!r:.80}.")
    return number


def _shaped_like(value: object, template: object, name: str) -> Any:
    """Return `value` with the keys, shapes and dtypes of a NumPy state, or raise ValueError."""
    if isinstance(template, Mapping):
        if not isinstance(value, Mapping) or set(value) != set(template):
            raise ValueError(_other_keys(name, value, template))
        return {key: _shaped_like(value[key], part, f"{name}[{key!r}]") for key, part in template.items()}
    if isinstance(template, np.ndarray):
        limit = int(np.iinfo(template.dtype).max)
        numbers = value.tolist() if isinstance(value, np.ndarray) else value
        if not isinstance(numbers, (list, tuple)) or len(numbers) != len(template):
            raise ValueError(f"{name} must be a list of {len(template)} ints; got {type(value).__name__}.")
        return np.array([_to_int(number, name, limit) for number in numbers], dtype=template.dtype)
    if isinstance(template, str):
        return value
    return _to_int(value, name, LARGEST.get(name.split("'")[-2], 2**128 - 1))


def _other_keys(name: str, value: object, wanted: Collection[str]) -> str:
    """Return the error message for a state whose keys differ from the wanted ones."""
    if not isinstance(value, Mapping):
        return f"{name} must be a dict; got {type(value).__name__}."
    lacking, unknown = sorted(set(wanted) - set(value)), sorted(set(map(str, value)) - set(wanted))
    faults = [f"lacking: {', '.join(lacking)}"] * bool(lacking) + [f"unknown: {', '.join(unknown)}"] * bool(unknown)
    return f"{name} must have the keys {', '.join(wanted)}; {'; '.join(faults)}. Pass the output of state_dict."
