import torch

from likely.backbones import Conv
from likely.backbones.image import Pixels, WaveEncoder
from likely.spaces import Wave

NAN = float("nan")


def test_levels_fill_the_interval():
    read = Pixels(256)(torch.tensor([0.0, 255.0, 127.5]).view(1, 1, 1, 3))
    assert read[0, 0].flatten().tolist() == [-1, 1, 0]
    assert Pixels(2)(torch.tensor([[[0.0, 1.0]]]))[0, 0].tolist() == [-1, 1]
    assert Pixels(None)(torch.tensor([[[0.25]]]))[0, 0].item() == 0.25


def test_missing_pixels_are_zero_beside_their_share():
    x = torch.tensor([[[3.0, NAN], [NAN, NAN]]])  # two channels, two places
    assert Pixels(None)(x).tolist() == [[[3, 0], [0, 0], [0.5, 1]]]


def test_a_sound_is_filled_up_to_a_whole_frame():
    torch.manual_seed(0)
    short = WaveEncoder(Wave(8000, 100, None), 4, Conv(width=4))
    whole = WaveEncoder(Wave(8000, 128, None), 4, Conv(width=4))
    whole.load_state_dict(short.state_dict())
    x = torch.randn(2, 100)
    filled = torch.cat([x, torch.zeros(2, 28)], 1)
    torch.testing.assert_close(short(x).summary, whole(filled).summary)
