"""Which files are texts, and of which form."""

import pytest

from likely.data import Images, Table, Texts, read
from likely.errors import DataError, FieldError

PROSE = "The first paragraph speaks, at some length, of this.\n\nThe second, of that.\nAnd of more.\n\nThe end.\n"


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_lines_of_their_own_are_texts(tmp_path):
    names = [f"{a}{b}{c}" for a in ("an", "be", "ca") for b in ("la", "ro", "ni") for c in ("us", "a", "ette", "o")]
    rows = read(written(tmp_path, "names.txt", "\n".join(names) + "\n"))
    assert isinstance(rows, Texts)
    assert (rows.form, list(rows)) == ("lines", names)


def test_paragraphs_are_pages_of_a_document(tmp_path):
    rows = read(written(tmp_path, "book.txt", PROSE * 200))
    assert isinstance(rows, Texts)
    assert rows.form == "document"
    assert "".join(rows) == PROSE * 200


def test_numbers_and_categories_in_a_column_stay_a_table(tmp_path):
    assert isinstance(read(written(tmp_path, "numbers.txt", "1.5\n2.5\n3\n" * 9)), Table)
    assert isinstance(read(written(tmp_path, "levels.txt", "yes\nno\n" * 20)), Table)


def test_fasta_has_names_and_whole_sequences(tmp_path):
    rows = read(written(tmp_path, "few.fa", ">one two\nVLSDA\nEWQL\n>three\nGLS\n"))
    assert (rows.form, list(rows), rows.names) == ("proteins", ["VLSDAEWQL", "GLS"], ("one two", "three"))
    with pytest.raises(DataError, match="has no sequence"):
        read(written(tmp_path, "gap.fa", ">one\n>two\nGLS\n"))


def test_smiles_keep_their_names_beside(tmp_path):
    rows = read(written(tmp_path, "few.smi", "CCO ethanol\nc1ccccc1 benzene\n"))
    assert (rows.form, list(rows)) == ("molecules", ["CCO", "c1ccccc1"])
    assert rows.about.frame["name"].tolist() == ["ethanol", "benzene"]


def test_a_declaration_decides(tmp_path):
    path = written(tmp_path, "book.txt", PROSE * 20)
    assert read(path, schema={"texts": "lines"}).form == "lines"
    assert isinstance(read(path, schema={"texts": "table"}), Table)
    with pytest.raises(FieldError, match="texts is 'poems'"):
        read(path, schema={"texts": "poems"})


def test_real_files(real_data):
    forms = {
        "text/names.txt": ("lines", 32_033),
        "text/timemachine.txt": ("document", None),
        "text/tinyshakespeare.txt": ("document", None),
        "molecules/zinc250k_test.txt": ("molecules", 5_000),
        "proteins/globins45.fa": ("proteins", 45),
    }
    for name, (form, count) in forms.items():
        rows = read(real_data / name)
        assert isinstance(rows, Texts)
        assert not isinstance(rows, Images)
        assert rows.form == form
        assert count is None or len(rows) == count
