"""Trained mixers keep the contract of all mixers, and compute what their formulas say."""

import copy
import dataclasses
import math
import pickle
from functools import cache

import numpy as np
import pytest
import torch
from scipy.special import softmax

from tests.training.learned.learned_cases import METHODS, SHAPE, batch, classifier_of, moved
from zeta_geom.mixers.table import LEARNED as LISTED
from zeta_geom.mixers.table import method_table
from zeta_geom.training.learned import automix_zhu
from zeta_geom.training.learned.methods import ATTENTIONS, LEARNED, AutoMixLiu, AutoMixZhu


@cache
def made(method):
    classifier = moved(classifier_of(method)).requires_grad_(False).eval()
    return classifier.hook.trained_mixer(classifier)


def mixer_of(method):
    return copy.deepcopy(made(method))


@pytest.fixture(params=METHODS)
def mixer(request):
    return mixer_of(request.param)


def test_the_table_of_methods_says_what_the_classes_say():
    assert [*LISTED] == [*LEARNED]
    rows = method_table().set_index("name")
    for name, (title, idea, parameters, source) in LISTED.items():
        traits = mixer_of(name).traits
        assert (traits.title, traits.idea, traits.source) == (title, idea, source)
        assert [*LEARNED[name].__dataclass_fields__] == parameters.split(", ")
        assert rows.loc[name, "optimisation"] == "learned"


def test_the_same_seed_gives_the_same_and_a_saved_state_the_next(mixer):
    X, y = batch()
    before = X.clone()
    again, state = copy.deepcopy(mixer), mixer.state_dict()
    first = mixer(X, y)
    assert torch.equal(X, before)
    for other in (again, pickle.loads(pickle.dumps(again))):
        assert all(torch.equal(a, b) for a, b in zip(other(X, y), first))
    second = mixer(X, y)
    assert not torch.equal(second[0], first[0])
    mixer.load_state_dict(state)
    assert torch.equal(mixer(X, y)[0], first[0])


@pytest.mark.parametrize(
    ("dtype", "m", "n_out"), [(torch.float16, 5, None), (torch.float32, 6, 4), (torch.float64, 3, 8)]
)
def test_rows_dtypes_and_labels(mixer, dtype, m, n_out):
    X, y = batch(m, torch.float32)
    X_new, Y_new = mixer(X.to(dtype), y, n_out=n_out)
    assert X_new.shape == (n_out or m, *SHAPE)
    assert X_new.dtype == dtype
    assert Y_new.shape == (n_out or m, 4)
    assert Y_new.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert X_new.isfinite().all()
    assert (Y_new >= 0).all()
    torch.testing.assert_close(Y_new.sum(dim=1), torch.ones(len(Y_new), dtype=Y_new.dtype))
    assert (Y_new > 0).sum(dim=1).max() <= 2


def test_layouts_soft_labels_and_plans(mixer):
    X, y = batch()
    plan = mixer.draw(X.shape, like=X)
    soft = torch.eye(4)[y]
    whole = mixer.apply(X, soft, plan)
    assert torch.equal(mixer.apply(X[:, 0], soft, plan)[0], whole[0][:, 0])
    assert torch.equal(mixer.apply(X.movedim(1, -1), soft, plan)[0], whole[0].movedim(1, -1))
    assert mixer.apply(X, None, plan)[1] is None
    alone = mixer(X[:1], y[:1], n_classes=4)
    assert torch.equal(alone[0], X[:1])


def test_a_data_set_is_mixed_and_gradients_flow_through_images(mixer):
    X, y = batch(13)
    X_new, Y_new = mixer.mix_dataset(X, y, batch_size=4, n_classes=4)
    assert (len(X_new), len(Y_new)) == (13, 13)
    X.requires_grad_()
    mixer(X, y)[0].sum().backward()
    assert X.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in mixer.modules.parameters())


def test_the_modules_keep_their_mode(mixer):
    modules = mixer.modules
    modules.train()
    buffers = {name: buffer.clone() for name, buffer in modules.named_buffers()}
    mixer(*batch())
    assert modules.training
    assert all(torch.equal(buffer, buffers[name]) for name, buffer in modules.named_buffers())


def test_what_does_not_fit_is_refused(mixer):
    X, y = batch()
    with pytest.raises(ValueError, match=r"of the training, \(1, 8, 8\); got \(1, 9, 9\)"):
        mixer(torch.rand(4, 1, 9, 9), y[:4])
    with pytest.raises(TypeError, match=r"got a NumPy array"):
        mixer(X.numpy(), y.numpy())
    with pytest.raises(ValueError, match="images"):
        mixer(X.flatten(1), y)
    with pytest.raises(ValueError, match="images of the shape"):
        mixer.draw((4, 3, 8, 8))


def test_adamixup_is_mixup_with_shares_from_the_policy():
    mixer = mixer_of("adamixup")
    X, y = batch()
    plan = mixer.draw(X.shape, like=X)
    X_new, Y_new = mixer.apply(X, torch.eye(4)[y], plan)
    logits = mixer.policy(X, X[plan.partners])
    for k, partner in enumerate(plan.partners.tolist()):
        a, b, _ = softmax(logits[k].double().numpy())
        share = a + float(plan.draws[k]) * b
        assert 0 < share < 1
        np.testing.assert_allclose(X_new[k], share * X[k] + (1 - share) * X[partner], atol=1e-6)
        np.testing.assert_allclose(Y_new[k], share * np.eye(4)[y[k]] + (1 - share) * np.eye(4)[y[partner]], atol=1e-6)


def test_a_mix_block_is_the_cross_attention_of_its_formula():
    block = moved(classifier_of("automix-liu")).hook.block.double()
    z, partner = (torch.rand(2, 64, 2, 3, dtype=torch.float64) for _ in range(2))
    shares = torch.tensor([0.3, 0.8], dtype=torch.float64)
    masks = block(z, partner, shares, (4, 6)).detach().numpy()
    weight, bias = block.query.weight[:, :, 0, 0].detach().numpy(), block.query.bias.detach().numpy()
    value, offset = block.value.weight[0, :, 0, 0].detach().numpy(), block.value.bias.item()
    for n in range(2):
        own = [np.append(z[n, :, i, j], shares[n]) for i in range(2) for j in range(3)]
        other = [np.append(partner[n, :, i, j], 1 - shares[n]) for i in range(2) for j in range(3)]
        queries, keys = ([weight @ place + bias for place in places] for places in (own, other))
        values = [value @ place + offset for place in other]
        for place, query in enumerate(queries):
            attention = softmax([query @ key / math.sqrt(len(query)) for key in keys])
            expected = 1 / (1 + math.exp(-(attention @ values)))
            i, j = divmod(place, 3)
            np.testing.assert_allclose(masks[n, 0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2], expected, rtol=1e-12)


def test_automix_liu_masks_pixels_and_mixes_labels_by_the_share():
    mixer = mixer_of("automix-liu")
    X, y = batch()
    plan = mixer.draw(X.shape, like=X)
    X_new, Y_new = mixer.apply(X, torch.eye(4)[y], plan)
    partners, features = X[plan.partners], mixer.features(X)
    masks = mixer.block(features, features[plan.partners], torch.full((6,), float(plan.draws)), (8, 8))
    assert masks.std() > 1e-3
    assert 0.08 < plan.draws < 0.92
    torch.testing.assert_close(X_new, (1 - masks) * X + masks * partners)
    torch.testing.assert_close(
        Y_new, plan.draws * torch.eye(4)[y] + (1 - plan.draws) * torch.eye(4)[y[plan.partners]]
    )


@pytest.mark.parametrize(("share", "plain"), [(0.05, True), (0.95, True), (0.5, False)])
def test_automix_liu_is_mixup_near_the_ends(share, plain):
    mixer = mixer_of("automix-liu")
    X, _ = batch()
    plan = dataclasses.replace(mixer.draw(X.shape, like=X), draws=np.array(share))
    mixed = share * X + (1 - share) * X[plan.partners]
    assert torch.allclose(mixer.apply(X, None, plan)[0], mixed, atol=1e-6) == plain


def test_the_names_of_attentions_are_those_of_the_modules():
    assert [*automix_zhu.ATTENTIONS] == [*ATTENTIONS]


@pytest.mark.parametrize("attention", ["multiplication", "projection"])
def test_attentions_are_their_formulas(attention):
    hook = AutoMixZhu(width=32, depth=0, attention=attention).hook(None, SHAPE, seed=0)
    module = hook.generator.attention[0]
    first, second, shares = torch.rand(2, 32, 3, 3), torch.rand(2, 32, 3, 3), torch.tensor([0.2, 0.9])
    joined = module(first, second, shares).detach()
    for n in range(2):
        for part, features, share in (
            (joined[n, :32], first[n], shares[n]),
            (joined[n, 32:], second[n], 1 - shares[n]),
        ):
            if attention == "multiplication":
                gate = share
            else:
                inner, outer = module.gates[0], module.gates[2]
                seen = torch.cat([features.mean(dim=(1, 2)), share[None]])
                hidden = inner.weight @ seen + inner.bias
                hidden = torch.where(hidden > 0, hidden, 0.2 * hidden)
                gate = (1 / (1 + torch.exp(-(outer.weight @ hidden + outer.bias))))[:, None, None].detach()
            torch.testing.assert_close(part, gate * features)


def test_the_generator_sees_both_images_and_the_share():
    mixer = mixer_of("automix-zhu")
    first, second = batch()[0], batch(7)[0][:6]
    half = torch.full((6,), 0.5)
    mixed = mixer.generator(first, second, half)
    assert ((mixed >= 0) & (mixed <= 1)).all()
    for other in ((second, second, half), (first, first, half), (first, second, half + 0.3)):
        assert (mixer.generator(*other) - mixed).abs().max() > 1e-4


def test_networks_that_do_not_fit_are_refused():
    network = classifier_of("adamixup").network
    with pytest.raises(ValueError, match="layers must name modules of the model"):
        AutoMixLiu(layer="layer9").hook(network, SHAPE, seed=0)
    with pytest.raises(ValueError, match=r"layer must return spatial features .* 'fc' returns \(1, 4\)"):
        AutoMixLiu(layer="fc").hook(network, SHAPE, seed=0)
    with pytest.raises(ValueError, match="not 'input'"):
        AutoMixLiu(layer="input")
    with pytest.raises(ValueError, match="depth = 4 needs images of 16 pixels"):
        AutoMixZhu().hook(network, SHAPE, seed=0)
