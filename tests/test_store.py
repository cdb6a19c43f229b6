"""The folder: whole or unchanged; truncated, swapped, hostile ones are refused with a clear error and nothing runs."""

import contextlib
import json
import random
import shutil

import pytest
import torch
from safetensors.torch import save_file

import likely
from likely import store
from likely.errors import CannotSave, Corrupt, MissingFile, StoreError
from likely.store import DOCUMENT, FINAL, WEIGHTS, Parts


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "iris.likely"
    likely.fit("iris", likely.NaiveBayes(), condition="species").save(folder)
    return folder


@pytest.fixture
def copy(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copy.likely")


def sealed(folder):
    """Make model.json agree with the weights again, as an attacker would."""
    document = json.loads((folder / DOCUMENT).read_text())
    document["weights"] = {"sha256": store.sha256(folder / WEIGHTS), "bytes": (folder / WEIGHTS).stat().st_size}
    (folder / DOCUMENT).write_text(json.dumps(document))


def change(folder, edit):
    document = json.loads((folder / DOCUMENT).read_text())
    edit(document)
    (folder / DOCUMENT).write_text(json.dumps(document))


def test_a_model_comes_back_bit_for_bit(saved):
    first, second = likely.load(saved), likely.load(saved)
    for name, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, second.model.state_dict()[name])
    assert first.sample(5).equals(second.sample(5))


def test_nothing_is_a_pickle(saved):
    assert {path.name for path in saved.iterdir()} == {DOCUMENT, WEIGHTS}
    json.loads((saved / DOCUMENT).read_text())
    assert b"pickle" not in (saved / WEIGHTS).read_bytes()


def test_bytes_hold_the_same_model(saved):
    parts = likely.load(saved).parts()
    again = store.from_bytes(store.to_bytes(parts))
    assert again.document == json.loads(json.dumps(parts.document))
    assert all(torch.equal(again.weights[name], parts.weights[name]) for name in parts.weights)
    with pytest.raises(Corrupt):
        store.from_bytes(store.to_bytes(parts)[:-10])


@pytest.mark.parametrize("name", [DOCUMENT, WEIGHTS])
def test_a_missing_part_is_named(copy, name):
    (copy / name).unlink()
    with pytest.raises(Corrupt, match=name):
        likely.load(copy)


def test_no_folder_is_a_missing_file(tmp_path):
    with pytest.raises(MissingFile, match="no model"):
        likely.load(tmp_path / "nothing")


def test_swapped_weights_are_refused(copy):
    save_file({"other": torch.zeros(3)}, copy / WEIGHTS)
    with pytest.raises(Corrupt, match="size"):
        likely.load(copy)


def test_a_flipped_bit_is_refused(copy):
    held = bytearray((copy / WEIGHTS).read_bytes())
    held[-1] ^= 1
    (copy / WEIGHTS).write_bytes(held)
    with pytest.raises(Corrupt, match="hash"):
        likely.load(copy)


def test_resealed_weights_of_another_model_are_refused(copy):
    save_file({"other": torch.zeros(3)}, copy / WEIGHTS)
    sealed(copy)
    with pytest.raises(Corrupt):
        likely.load(copy)


def test_nan_weights_are_refused(copy):
    held = {name: tensor.clone() for name, tensor in store.read(copy).weights.items()}
    first = next(
        name for name in held if name.startswith("model.") and held[name].is_floating_point() and held[name].numel()
    )
    held[first].view(-1)[0] = float("nan")
    save_file(held, copy / WEIGHTS)
    sealed(copy)
    with pytest.raises(Corrupt, match="NaN"):
        likely.load(copy)


def test_a_header_of_impossible_size_is_refused(copy):
    (copy / WEIGHTS).write_bytes((2**62).to_bytes(8, "little") + b"{}")
    sealed(copy)
    with pytest.raises(Corrupt):
        likely.load(copy)


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d["card"]["family"].update({"is": "Popen"}),
        lambda d: d["card"]["family"].update({"is": "os.system"}),
        lambda d: d["card"]["family"].update(smoothing="lots"),
        lambda d: d["card"].update(family=None),
        lambda d: d.update(card=[]),
        lambda d: d.update(codec={"is": "TableCodec"}),
        lambda d: d.update(codec={"is": "__import__"}),
        lambda d: d.update(format=99),
        lambda d: d.update(format="1"),
        lambda d: d.update(weights={}),
        lambda d: d.pop("codec"),
    ],
)
def test_hostile_documents_are_refused(copy, edit):
    change(copy, edit)
    with pytest.raises(StoreError):
        likely.load(copy)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"format": NaN}', "[" * 100_000, "\x00\x01"])
def test_documents_that_are_not_json_are_refused(copy, text):
    (copy / DOCUMENT).write_text(text)
    with pytest.raises(Corrupt):
        likely.load(copy)


def test_a_link_out_of_the_folder_is_refused(copy, tmp_path):
    outside = tmp_path / "outside.safetensors"
    (copy / WEIGHTS).rename(outside)
    (copy / WEIGHTS).symlink_to(outside)
    with pytest.raises(Corrupt):
        likely.load(copy)


def test_random_damage_never_does_anything_but_a_clear_error(saved, tmp_path):
    dice = random.Random(0)
    for trial in range(60):
        folder = shutil.copytree(saved, tmp_path / f"{trial}.likely")
        damaged(folder, dice)
        assert told(folder) != "", trial


def damaged(folder, dice):
    """A few bytes changed, maybe the end cut off, maybe the hash made to agree."""
    victim = folder / dice.choice([DOCUMENT, WEIGHTS])
    held = bytearray(victim.read_bytes())
    for _ in range(dice.choice([1, 3, 30])):
        held[dice.randrange(len(held))] = dice.randrange(256)
    victim.write_bytes(held[: dice.choice([len(held), dice.randrange(len(held))])])
    if dice.random() < 0.5:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            sealed(folder)


def told(folder):
    """What loading says; anything but a clear error goes through."""
    try:
        return repr(likely.load(folder))
    except StoreError as error:
        return str(error)


def test_saving_over_a_model_replaces_it_whole_and_keeps_the_log(copy):
    (copy / "log.jsonl").write_text("kept")
    (copy / "tensorboard").mkdir()
    (copy / "tensorboard" / "events").write_text("kept")
    likely.fit("wine", likely.NaiveBayes()).save(copy)
    assert likely.load(copy).card.data["rows"] == 178
    assert (copy / "log.jsonl").read_text() == "kept"
    assert (copy / "tensorboard" / "events").read_text() == "kept"
    assert not list(copy.parent.glob("*.old"))
    assert not list(copy.parent.glob("*.new-*"))


def test_a_swap_cut_off_between_its_renames_is_mended(copy):
    copy.rename(copy.with_name("copy.likely.old"))
    assert likely.load(copy).name == "NaiveBayes"


def test_a_file_in_the_way_is_not_overwritten(tmp_path, saved):
    place = tmp_path / "notes.txt"
    place.write_text("mine")
    with pytest.raises(CannotSave):
        likely.load(saved).save(place)
    assert place.read_text() == "mine"


def test_a_full_disk_is_told_and_the_old_model_stays(full_disk, saved):
    place, full = full_disk
    model = place / "m.likely"
    shutil.copytree(saved, model)
    before = (model / DOCUMENT).read_text()
    with full:
        with pytest.raises(CannotSave, match=r"full|space"):
            store.write(model, Parts({"card": {}}, {"big": torch.zeros(100_000)}))
        assert (model / DOCUMENT).read_text() == before
        assert likely.load(model).name == "NaiveBayes"
        assert not [path for path in place.iterdir() if ".new-" in path.name]


def test_a_tensor_of_two_names_comes_back_under_both(tmp_path):
    whole = torch.arange(6.0)
    store.write(tmp_path / "m", Parts({}, {"a": whole, "b": whole, "c": whole[2:4], "none": torch.empty(0)}))
    again = store.read(tmp_path / "m").weights
    assert torch.equal(again["a"], whole)
    assert torch.equal(again["b"], whole)
    assert again["c"].tolist() == [2.0, 3.0]


LAST = {"w": torch.arange(3.0)}


@pytest.fixture
def ended(tmp_path):
    """A folder with last weights beside the kept ones."""
    store.write(tmp_path / "run", Parts({"card": {}}, {"model.w": torch.zeros(3)}, lambda: LAST))
    return tmp_path / "run"


def test_last_weights_lie_beside_and_are_read_when_asked_for(ended):
    assert {path.name for path in ended.iterdir()} == {DOCUMENT, WEIGHTS, FINAL}
    parts = store.read(ended)
    assert parts.final is not None
    assert torch.equal(parts.final()["w"], LAST["w"])


def test_spoilt_last_weights_are_refused_and_the_model_is_not(ended):
    (ended / FINAL).write_bytes((ended / FINAL).read_bytes()[:-1])
    final = store.read(ended).final
    assert final is not None
    with pytest.raises(Corrupt, match="size"):
        final()
    (ended / FINAL).unlink()
    with pytest.raises(Corrupt, match=FINAL):
        final()


def test_last_weights_of_an_earlier_model_go_with_it(ended):
    store.write(ended, Parts({"card": {}}, {"model.w": torch.ones(3)}))
    assert {path.name for path in ended.iterdir()} == {DOCUMENT, WEIGHTS}
    assert store.read(ended).final is None


def test_a_model_is_saved_over_itself_with_its_last_weights(ended):
    store.write(ended, store.read(ended))
    final = store.read(ended).final
    assert final is not None
    assert torch.equal(final()["w"], LAST["w"])
