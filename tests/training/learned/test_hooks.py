"""The losses of learned methods, recomputed plainly, and what each part of them trains."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.training.learned.learned_cases import METHODS, batch, classifier_of, moved
from tests.training.training_cases import recipe, train
from zeta_geom.mixers import Mixup
from zeta_geom.training import Classifier
from zeta_geom.training.learned.automix_liu import features_at
from zeta_geom.training.learned.hooks import hook_of
from zeta_geom.training.networks import features, last_layer


def prepared(method):
    """Return a classifier in evaluation mode, so that a repeated computation has the same statistics, and a batch."""
    classifier = moved(classifier_of(method)).eval()
    classifier.hook.start_epoch(classifier, 0, 0)
    return classifier, classifier.hook.trained_mixer(classifier).child(0, 0), *batch(6)


def soft_cross_entropy(logits, labels):
    return -(labels * logits.log_softmax(1)).sum(1).mean()


def test_adamixup_adds_three_losses_of_halves():
    classifier, mixer, x, y = prepared("adamixup")
    loss = classifier.hook.loss(classifier, x, y)
    mixed, labels = mixer(x[:3], y[:3], n_classes=4)

    def real(images):
        return classifier.hook.discriminator(features(classifier.network, classifier.standardize(images)))[:, 0]

    expected = soft_cross_entropy(classifier.logits(x), torch.eye(4)[y])
    expected = expected + soft_cross_entropy(classifier.logits(mixed), labels)
    expected = expected - real(x).sigmoid().log().mean() - (1 - real(mixed).sigmoid()).log().mean()
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-5)


def test_automix_liu_trains_masks_on_the_slow_network_and_the_classifier_on_constant_masks():
    classifier, mixer, x, y = prepared("automix-liu")
    hook = classifier.hook
    hook.loss(classifier, x, y).backward()
    of_masks, of_network = ({name: p.grad.clone() for name, p in part.named_parameters() if p.requires_grad}
                            for part in (hook.block, classifier.network))  # fmt: skip
    assert all(parameter.grad is None for parameter in hook.encoder.parameters())
    classifier.zero_grad()
    plans = [mixer.draw(x.shape, like=x) for _ in range(2)]
    losses = []
    for plan, trained in zip(plans, ("masks", "network"), strict=True):
        partners, share = x[plan.partners], float(plan.draws)
        z, z_partner = (
            features_at(hook.encoder, "layer3", classifier.standardize(images)) for images in (x, partners)
        )
        z, z_partner = (part / part.square().mean((1, 2, 3), keepdim=True).sqrt() for part in (z, z_partner))
        masks = hook.block(z, z_partner, torch.full((6,), share), (8, 8))
        if trained == "network":
            masks = masks.detach() if min(share, 1 - share) > 0.08 else torch.full_like(masks, 1 - share)
        mixed = classifier.standardize((1 - masks) * x + masks * partners)
        labels = share * torch.eye(4)[y] + (1 - share) * torch.eye(4)[y[plan.partners]]
        network = hook.encoder if trained == "masks" else classifier.network
        losses.append(soft_cross_entropy(network(mixed), labels))
        if trained == "masks":
            losses.append(0.1 * ((1 - masks.mean() - share).abs() - 0.1).clamp(min=0))
    losses.append(soft_cross_entropy(classifier.logits(x), torch.eye(4)[y]))
    sum(losses).backward()
    for grads, part in ((of_masks, hook.block), (of_network, classifier.network)):
        for name, parameter in part.named_parameters():
            torch.testing.assert_close(grads[name], parameter.grad, rtol=1e-3, atol=1e-5)


def test_the_loss_of_the_classifier_does_not_train_the_masks_of_automix_liu():
    gradients = []
    for scale in (1, 3):
        classifier, _, x, y = prepared("automix-liu")
        plain = classifier.logits
        classifier.logits = lambda images: scale * plain(images)  # noqa: B023  it is called in this round
        classifier.hook.loss(classifier, x, y).backward()
        gradients.append([p.grad for p in classifier.hook.block.parameters()])
    for first, second in zip(*gradients, strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize("done", [0.0, 0.3, 1.0])
def test_slow_weights_follow_with_a_momentum_that_grows(done):
    classifier = classifier_of("automix-liu")
    classifier.share_done = lambda: done
    slow = [weight.clone() for weight in classifier.hook.encoder.parameters()]
    with torch.no_grad():
        for weight in classifier.network.parameters():
            weight += 1
    classifier.hook.end_step(classifier)
    momentum = 0.999999 - (0.999999 - 0.9) * (1 + math.cos(math.pi * done)) / 2
    for before, after in zip(slow, classifier.hook.encoder.parameters()):
        torch.testing.assert_close(after - before, torch.full_like(before, 1 - momentum), rtol=1e-3, atol=1e-6)


def test_automix_zhu_adds_divergences_and_the_distance_from_both_images():
    classifier, mixer, x, y = prepared("automix-zhu")
    loss = classifier.hook.loss(classifier, x, y)
    plan = mixer.draw(x.shape, like=x)
    mixed, labels = mixer.apply(x, torch.eye(4)[y], plan)
    p = classifier.logits(mixed).softmax(1)
    ratio = torch.where(labels > 0, labels * (labels.clamp(min=1e-30) / p).log(), 0)
    expected = soft_cross_entropy(classifier.logits(x), torch.eye(4)[y]) + ratio.sum(1).mean()
    for k, partner in enumerate(plan.partners.tolist()):
        share = float(plan.draws[k])
        near, far = (mixed[k] - x[k]).abs().mean(), (mixed[k] - x[partner]).abs().mean()
        expected = expected + 1.5 / 6 * (share * near + (1 - share) * far)
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_the_loss_has_gradients_for_all_that_is_learned_and_the_optimizer_has_it(method):
    classifier = moved(classifier_of(method), by=0.05)
    classifier.on_train_epoch_start()
    (optimizer,), _ = classifier.configure_optimizers()
    classifier.training_step(((255 * batch(6)[0]).byte(), batch(6)[1])).backward()
    learned = {name: p for name, p in classifier.hook.named_parameters() if p.requires_grad}
    assert not {name for name, p in learned.items() if p.grad is None or not p.grad.abs().sum() > 0}
    assert classifier.network.conv1.weight.grad.abs().sum() > 0
    optimized = {id(p) for p in optimizer.param_groups[0]["params"]}
    assert optimized == {id(p) for p in (*learned.values(), *classifier.network.parameters())}


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_that_is_not_mixed_has_the_plain_loss_and_zero_gradients_for_what_is_learned(method):
    classifier = classifier_of(method).eval()
    classifier.hook.start_epoch(classifier, 0, 0)
    x, y = batch(1)
    loss = classifier.hook.loss(classifier, x, y)
    expected = functional.cross_entropy(classifier.logits(x), y)
    if method == "adamixup":
        seen = features(classifier.network, classifier.standardize(x))
        expected = expected - classifier.hook.discriminator(seen).sigmoid().log().mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    loss.backward()
    learned = {name: p.grad for name, p in classifier.hook.named_parameters() if p.requires_grad}
    assert all(grad is not None for grad in learned.values())  # else processes that train together would stop
    assert all(not grad.any() for name, grad in learned.items() if not name.startswith("discriminator"))


def test_adamixup_needs_a_network_whose_last_layer_is_known():
    classifier = classifier_of("adamixup")
    assert last_layer(classifier.network).in_features == classifier.hook.discriminator.in_features
    with pytest.raises(TypeError, match="network must be one that make_network returns"):
        METHODS["adamixup"].hook(torch.nn.Linear(64, 4), (1, 8, 8), seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"precision": "bf16-mixed"}, {}])
@pytest.mark.parametrize("method", ["adamixup", "automix-liu", "automix-zhu"])
def test_methods_are_learned_in_half_precision_and_by_two_processes(method, changes, tmp_path):
    params = {"width": 2, "depth": 1} if method == "automix-zhu" else {}
    variant = recipe(mixer={"name": method, "params": params}, epochs=2, n_train=98, metrics=("error",), **changes)
    table = train(tmp_path, variant, devices=1 if changes else 2)  # 49 images each: the last batch has one
    assert 0 < table["value"].iloc[0] < 1


def test_the_share_of_the_training_that_is_done(monkeypatch, tmp_path):
    shares = []

    def note(self, *_):
        shares.append(self.share_done())

    monkeypatch.setattr(Classifier, "on_train_batch_end", note)
    train(tmp_path, recipe(epochs=2, metrics=("error",)))
    np.testing.assert_allclose(shares, np.arange(1, 7) / 6)
    assert classifier_of("automix-liu").share_done() == 0


def test_epochs_have_streams_of_their_own():
    classifier = classifier_of("automix-zhu")
    draws = []
    for epoch in (0, 1, 0):
        classifier.hook.start_epoch(classifier, 0, epoch)
        draws.append(np.asarray(classifier.hook.epoch_mixer.draw((6, 1, 8, 8)).draws))
    np.testing.assert_array_equal(draws[0], draws[2])
    assert (draws[0] != draws[1]).all()


def test_a_batch_from_which_a_mixer_leaves_out_every_row_changes_nothing():
    classifier = moved(classifier_of("adamixup"))
    hook = hook_of(Mixup())
    hook.epoch_mixer = lambda x, y, n_classes: (x[:0], torch.zeros(0, n_classes))
    loss = hook.loss(classifier, *batch(6))
    loss.backward()
    assert loss == 0
    assert all(parameter.grad.eq(0).all() for parameter in classifier.network.parameters())
