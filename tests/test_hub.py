"""A CLIP in Hugging Face's format as a guide: what it finds, that it leads, and folders that are refused."""

import importlib
import json

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from PIL import Image as Picture

import likely
from likely import hub
from likely.backbones import MLP
from likely.cli.app import run
from likely.data import Images, read_recipe
from likely.descent import Descent, led
from likely.diffusion import Embedded
from likely.errors import ConditionError, FieldError, Unreadable, WrongRows

transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

WORDS = ["<s>", "</s>", "a", "dark", "bright", "picture", "of", "red", "blue", "<unk>"]
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)


def saved(folder, side=8, **processor):
    """A tiny CLIP of random weights with its tokenizer and processor."""
    text = {"vocab_size": len(WORDS), "max_position_embeddings": 8, "bos_token_id": 0, "eos_token_id": 1,
            "pad_token_id": 1}  # fmt: skip
    vision = {"image_size": side, "patch_size": 4}
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = transformers.CLIPConfig(text_config=text | size, vision_config=vision | size, projection_dim=8)
        clip = transformers.CLIPModel(config).eval()
        for each in clip.parameters():  # as its own start is nearly blind
            if each.ndim > 1:
                torch.nn.init.normal_(each, std=each[0].numel() ** -0.5)
    clip.save_pretrained(folder, safe_serialization=True)
    tokens = tokenizers.Tokenizer(tokenizers.models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="<unk>"))
    tokens.normalizer = tokenizers.normalizers.Lowercase()
    tokens.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokens.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokens.save(str(folder / "tokenizer.json"))
    said = {"image_mean": MEAN, "image_std": STD, "size": {"shortest_edge": side}, "resample": 3} | processor
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    return clip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("theirs")


@pytest.fixture(scope="module")
def clip(place):
    return saved(place)


@pytest.fixture(scope="module")
def guide(place, clip):
    return hub.pretrained(place)


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def plain(pixels):
    diffusion = likely.Diffusion(network=MLP(width=16, depth=1), steps=6)
    return likely.fit(pixels, diffusion, budget=5, certify=False)


def features(found):
    return F.normalize(getattr(found, "pooler_output", found), dim=-1)


def test_clean_pictures_and_captions_are_what_the_weights_own_methods_find(guide, clip, plain, pixels):
    y = torch.tensor(pixels[:5]).permute(0, 3, 1, 2) / 255 - torch.tensor(MEAN)[:, None, None]
    with torch.no_grad():
        wanted = features(clip.get_image_features(pixel_values=y / torch.tensor(STD)[:, None, None]))
        said = features(clip.get_text_features(input_ids=torch.tensor([[0, 2, 3, 5, 1, 1]])))  # padded as they are
        u = (torch.tensor(pixels[:5]).permute(0, 3, 1, 2) + 0.5) * 2 / 256 - 1
        led_by = guide.leading(plain)
        assert torch.allclose(led_by.of_pictures(u), wanted, atol=1e-5)
        assert torch.allclose(guide.of_caption("A dark picture"), said[0], atol=1e-5)
        f = led_by.similarity(u, guide.of_caption("a dark picture").expand(5, -1))
        assert torch.allclose(f, clip.logit_scale.exp() * wanted @ said[0], atol=1e-4)


@pytest.mark.parametrize("shape", [(20, 20), (12, 30), (5, 7)])
def test_other_sizes_are_seen_as_pillow_resizes_them(guide, shape):
    smooth = np.linspace(40, 200, shape[0] * shape[1] * 3).reshape(*shape, 3).astype(np.uint8)
    short = min(shape)
    size = (8 * shape[1] // short, 8 * shape[0] // short)
    fitted = np.asarray(Picture.fromarray(smooth).resize(size, Picture.Resampling.BICUBIC)) / 255
    top, left = (fitted.shape[0] - 8) // 2, (fitted.shape[1] - 8) // 2
    wanted = (fitted[top : top + 8, left : left + 8] - np.array(MEAN)) / np.array(STD)
    found = guide.seeing(torch.tensor(smooth).permute(2, 0, 1)[None] / 255)[0].permute(1, 2, 0).numpy()
    assert found == pytest.approx(wanted, abs=2.0 / 255 / min(STD))  # Pillow rounds to levels


def test_gradients_are_finite_differences(place, clip):
    guide = hub.pretrained(place)
    guide.clip.double()
    x = torch.randn(2, 1, 10, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64).clamp(-1, 1)
    v = guide.of_caption("bright").expand(2, -1)
    x.requires_grad_()
    slope = torch.autograd.grad(guide.similarity(x, v).sum(), x)[0]
    along = torch.randn_like(x)
    with torch.no_grad():
        found = [(guide.similarity(x + h * along, v)).sum() for h in (1e-5, -1e-5)]
    assert float((slope * along).sum()) == pytest.approx(float(found[0] - found[1]) / 2e-5, rel=1e-5)
    assert float(slope.abs().max()) > 1e-3


def test_leading_raises_the_likeness_to_the_caption(guide, plain):
    def likeness(strength, caption="dark picture"):
        rows = plain.sample_rows(24, {"caption": caption}, descent=Descent(guide=guide, strength=strength), seed=1)
        assert list(rows.about.frame["caption"]) == [caption] * 24
        u = (torch.tensor(rows.pixels).permute(0, 3, 1, 2) + 0.5) * 2 / 256 - 1
        return float(guide.similarity(u, guide.of_caption(caption).expand(24, -1)).mean())

    alone, little, more = likeness(0.0), likeness(0.5), likeness(2.0)
    assert alone < little < more


def test_it_judges_the_clean_guess(guide, plain):
    """By hand: the gradient of the similarity of D(x_t), and a row of which nothing is said is left alone."""
    lead, rest = led(Descent(guide=guide), plain, pd.DataFrame({"caption": ["red", None]}), 2)
    assert not len(rest.columns)
    x_t, sigma = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(2)), torch.tensor([0.5, 2.0])
    denoiser = lead._led(plain.model, None, plain.model.denoise)
    assert isinstance(denoiser, Embedded)
    at = x_t.clone().requires_grad_()
    clean = plain.model.denoise(at, sigma)
    slope = torch.autograd.grad(guide.similarity(clean, lead.told).sum(), at)[0]
    wanted = clean + sigma[:, None, None, None] ** 2 * slope
    found = denoiser(x_t, sigma, lead.told).detach()
    assert torch.allclose(found, wanted.detach(), atol=1e-5)
    assert torch.allclose(found[1], clean[1].detach(), atol=1e-6)
    assert not torch.allclose(found[0], clean[0].detach(), atol=1e-3)


def test_the_command_line_leads_by_a_folder_and_replays_it(plain, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "clip")
    plain.save(tmp_path / "plain")
    said = ["sample", "plain", "-n", "3", "--guide", "clip", "--given", "caption=a red picture"]
    assert run([*said, "-o", "new.npz"]) == 0
    assert set(read_recipe(tmp_path / "new.npz")["guide"]) == {"folder", "sha256"}
    assert run(["replay", "new.npz", "-o", "again.npz"]) == 0
    one, again = (likely.read(tmp_path / name) for name in ("new.npz", "again.npz"))
    assert (one.pixels == again.pixels).all()
    assert run(said[:6]) == 3
    assert "leads by 'caption'" in capsys.readouterr().err
    processor = tmp_path / "clip" / "preprocessor_config.json"
    processor.write_text(processor.read_text().replace("0.4", "0.3"))
    assert run(["replay", "new.npz", "-o", "again.npz"]) == 3
    assert "is not the model that made" in capsys.readouterr().err
    (tmp_path / "clip" / "tokenizer.json").unlink()
    assert run(said) == 3
    assert "CLIPTokenizerFast" in capsys.readouterr().err


def test_only_pictures_are_led_and_captions_end_somewhere(guide, plain):
    rows = likely.fit("iris", likely.Diffusion(network=MLP(width=8)), budget=2, certify=False)
    with pytest.raises(WrongRows, match=r"judges pictures, and Diffusion draws"):
        rows.sample(2, {"caption": "red"}, descent=Descent(guide=guide))
    two = likely.fit(
        Images(np.zeros((20, 8, 8, 2), dtype=np.uint8) + np.arange(2, dtype=np.uint8)),
        likely.Diffusion(network=MLP(width=8)), budget=2, certify=False,
    )  # fmt: skip
    with pytest.raises(WrongRows, match="2 channels"):
        two.sample(2, {"caption": "red"}, descent=Descent(guide=guide))
    with pytest.raises(ConditionError, match="12 tokens"):
        plain.sample(1, {"caption": "a " * 10}, descent=Descent(guide=guide))


def test_pickles_are_not_read(tmp_path):
    saved(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(Unreadable, match=r"a pickle \(pytorch_model.bin\)[\s\S]*save_pretrained"):
        hub.pretrained(tmp_path)


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        ("config.json", {"model_type": "bert"}, "a model of type 'bert'"),
        ("config.json", "no json", "cannot be read"),
        ("preprocessor_config.json", {"image_mean": [0.5], "image_std": [0.5]}, "in no known way"),
        ("preprocessor_config.json", None, "no preprocessor_config.json"),
        ("model.safetensors", None, "no weights"),
        ("model.safetensors", "no tensors", "do not make its CLIP"),
        ("tokenizer.json", {}, "cannot be read"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused(tmp_path, name, said, told):
    saved(tmp_path)
    if said is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(said if isinstance(said, str) else json.dumps(said))
    with pytest.raises(Unreadable, match=told):
        hub.pretrained(tmp_path)


def test_weights_of_another_shape_or_with_names_that_lack_are_refused(tmp_path):
    from safetensors.torch import load_file, save_file

    saved(tmp_path)
    held = load_file(tmp_path / "model.safetensors")
    save_file({name: each for name, each in held.items() if name != "logit_scale"}, tmp_path / "model.safetensors")
    with pytest.raises(Unreadable, match="'logit_scale' is lacking"):
        hub.pretrained(tmp_path)
    save_file(held | {"visual_projection.weight": torch.zeros(3, 3)}, tmp_path / "model.safetensors")
    with pytest.raises(Unreadable, match="do not make its CLIP"):
        hub.pretrained(tmp_path)


def test_without_transformers_it_is_told_what_to_install(place, clip, monkeypatch):
    def none(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", none)
    with pytest.raises(FieldError, match=r"needs the package transformers[\s\S]*likely\[hub\]"):
        hub.pretrained(place)


def test_nothing_but_the_guide_imports_it():
    import subprocess
    import sys

    asked = "import sys, likely.hub, likely.descent; sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
