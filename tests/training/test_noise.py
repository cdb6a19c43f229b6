import torch

from likely.rng import Stepped
from likely.training.noise import Sharded

LIKE = torch.empty(0)


def shards(processes: int, batch: int) -> list[Sharded]:
    return [Sharded(Stepped(1, 2), batch=batch, rank=rank, processes=processes) for rank in range(processes)]


def test_shards_laid_together_are_the_draws_of_one_process() -> None:
    parts, whole = shards(3, 4), Stepped(1, 2)
    for shape in ((4, 5), (4,), (4, 2, 2)):
        together = torch.cat([part.normal(shape, like=LIKE) for part in parts])
        assert torch.equal(together, whole.normal((12, *shape[1:]), like=LIKE))
    together = torch.cat([part.fork(7).integers(9, (4,), like=LIKE) for part in parts])
    assert torch.equal(together, whole.fork(7).integers(9, (12,), like=LIKE))


def test_several_draws_a_row_are_shared_out_too() -> None:
    first, second = shards(2, 4)
    assert not torch.equal(first.uniform((8, 2), like=LIKE), second.uniform((8, 2), like=LIKE))


def test_a_draw_for_the_whole_batch_is_the_same_everywhere() -> None:
    first, second = shards(2, 4)
    assert torch.equal(first.uniform((1, 2), like=LIKE), second.uniform((1, 2), like=LIKE))
    assert torch.equal(first.uniform((), like=LIKE), second.uniform((), like=LIKE))
