"""Who listens: a display, silence, TensorBoard; a name before each of several."""

from likely.cli.progress import listeners, named_listeners
from likely.training.events import Noticed
from likely.training.progress import Lines, Silent


def test_a_display_or_silence(tmp_path):
    assert isinstance(listeners(tmp_path, quiet=True)[0], Silent)
    assert isinstance(listeners(tmp_path, quiet=False)[0], Lines)


def test_tensorboard_writes_nothing_before_the_training_begins(tmp_path):
    display, board = listeners(tmp_path, quiet=True, tensorboard=True)
    board.close()
    assert isinstance(display, Silent)
    assert not list(tmp_path.iterdir())
    with board:
        board(Noticed(what="begun"))
    assert list((tmp_path / "tensorboard").iterdir())


def test_each_of_several_is_named(capsys):
    named_listeners(quiet=False)("VAE")
    named_listeners(quiet=True)("GAN")
    assert capsys.readouterr().err == "VAE\n"
