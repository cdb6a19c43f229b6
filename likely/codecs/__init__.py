"""Codecs: the user's rows <-> tensors, with log|det| and kinds; and the lift from cells to reals."""

from likely.codecs.catalogue import codec_for, codec_from_parts, condition_codec
from likely.codecs.codec import Cells, Codec
from likely.codecs.image import Binarise, ImageCodec
from likely.codecs.lift import Lift
from likely.codecs.series import SeriesCodec
from likely.codecs.sound import SoundCodec
from likely.codecs.table import TableCodec
from likely.codecs.text import TextCodec
from likely.codecs.texts import TextsCodec
from likely.codecs.vocabulary import VOCABULARIES, Vocabulary

__all__ = [
    "VOCABULARIES",
    "Binarise",
    "Cells",
    "Codec",
    "ImageCodec",
    "Lift",
    "SeriesCodec",
    "SoundCodec",
    "TableCodec",
    "TextCodec",
    "TextsCodec",
    "Vocabulary",
    "codec_for",
    "codec_from_parts",
    "condition_codec",
]
