import pytest
import torch
from torch import nn

from likely.contracts import Player
from likely.training.adamw import AdamW


def pair(dtype: torch.dtype) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    mine = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(12, 2)).to(dtype)
    theirs = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(12, 2)).to(dtype)
    theirs.load_state_dict(mine.state_dict())
    return mine, theirs


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_same_as_torch(fused: bool, dtype: torch.dtype) -> None:
    mine, theirs = pair(dtype)
    x = torch.randn(5, 2, 4, 4, dtype=dtype)
    player = Player(mine, betas=(0.8, 0.95), decay=0.1)
    ours = AdamW(player, list(mine.parameters()))
    ours.fused = fused
    oracle = torch.optim.AdamW(theirs.parameters(), lr=0.01, betas=player.betas, weight_decay=player.decay)
    for step in range(20):
        oracle.param_groups[0]["lr"] = rate = 0.01 / (1 + step)
        ours.step(torch.autograd.grad(mine(x).square().mean(), list(mine.parameters())), rate)
        oracle.zero_grad()
        theirs(x).square().mean().backward()
        oracle.step()
    for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5 if dtype == torch.float32 else 1e-12, atol=1e-7)


def test_gradients_laid_out_otherwise_move_the_same_weights() -> None:
    weights = [torch.randn(2, 3, 2, 2).contiguous(memory_format=layout) for layout in LAYOUTS]
    weights[1].copy_(weights[0])
    gradient = torch.randn(2, 3, 2, 2)
    for weight in weights:
        AdamW(Player(nn.Identity()), [weight]).step([gradient], 0.1)
    assert torch.equal(*weights)


LAYOUTS = (torch.contiguous_format, torch.channels_last)


def test_an_expanded_gradient() -> None:
    weight = torch.zeros(4)
    AdamW(Player(nn.Identity()), [weight]).step([torch.ones(1).expand(4)], 0.1)
    torch.testing.assert_close(weight, torch.full((4,), -0.1))


def test_weights_without_a_gradient_stand_still() -> None:
    weights = [torch.zeros(2), torch.zeros(3)]
    optimizer = AdamW(Player(nn.Identity()), weights)
    optimizer.step([None, torch.ones(3)], 0.1)
    optimizer.step([None, None], 0.1)
    assert weights[0].tolist() == [0.0, 0.0]
    torch.testing.assert_close(weights[1], torch.full((3,), -0.1))


def test_everything_to_be_kept_is_named() -> None:
    optimizer = AdamW(Player(nn.Identity()), [torch.zeros(2)])
    assert set(optimizer.tensors()) == {"0/mean", "0/square", "taken"}
