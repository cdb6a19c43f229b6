import torch

from likely.backbones.text import TokensEncoder
from likely.spaces import Tokens


def encoder_of(length: int = 6) -> TokensEncoder:
    torch.manual_seed(0)
    return TokensEncoder(Tokens(20, length), 8, places=5).double()


def test_order_is_heard():
    reader = encoder_of()
    there, back = torch.tensor([[1, 2, 3, 4, 5, 6]]), torch.tensor([[6, 5, 4, 3, 2, 1]])
    assert not torch.allclose(reader(there).summary, reader(back).summary)


def test_what_follows_the_end_says_nothing():
    long, short = encoder_of(9), encoder_of(4)
    short.load_state_dict({**long.state_dict(), "where": long.where[:5].detach()})
    words = torch.tensor([[3, 1, 4, 1]])
    ended = torch.cat([words, torch.full((1, 5), -1)], 1)
    torch.testing.assert_close(long(ended).summary, short(words).summary)
    torch.testing.assert_close(long(ended).field[:, :, :4], short(words).field)


def test_missing_places_repeat_the_summary():
    reader = encoder_of()
    context = reader(torch.tensor([[3, -1, 4, -1, -1, 2]]))
    torch.testing.assert_close(context.field[0, :, 1], reader.field(context.summary)[0])
    torch.testing.assert_close(context.field[0, :, 4], reader.field(context.summary)[0])


def test_no_words_at_all_is_an_input():
    reader = encoder_of()
    context = reader(torch.full((2, 6), -1))
    assert context.summary.isfinite().all()
    assert context.field.isfinite().all()
