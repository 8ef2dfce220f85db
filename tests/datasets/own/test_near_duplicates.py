"""Which pictures show the same: held against real photographs that were saved again, scaled and brightened."""

import tracemalloc

import numpy as np
import pytest
from counted import NO_FASTER, growth
from PIL import Image

from tests.ingest.bursts import frame
from tests.ingest.pictures import encoded, pattern
from tests.proofs.similar import uniform
from tl_core.datasets.arrays import Dataset, load_dataset
from tl_core.datasets.images.decode import decode_image, kept_image
from tl_core.datasets.own import near_duplicates
from tl_core.datasets.own.looks import FLAT, Looks, Signature, alike, signature
from tl_core.datasets.own.near_duplicates import members_of, near_duplicate_groups
from tl_core.paths import ASSETS

SAMPLES = ASSETS / "samples"


@pytest.fixture(scope="module")
def fruit(tmp_path_factory) -> Dataset:
    return load_dataset("groceries", tmp_path_factory.getbasetemp())


def groups(pictures: list[np.ndarray], shas: list[str] | None = None) -> list[int]:
    return of_looks([signature(kept_image(one)) for one in pictures], shas)


def of_looks(looks: list[Signature], shas: list[str] | None = None) -> list[int]:
    shas = shas or [str(at) for at in range(len(looks))]
    return near_duplicate_groups(shas, Looks.of(looks), ["a"] * len(looks)).twins.tolist()


def saved_again(picture: np.ndarray) -> np.ndarray:
    return decode_image(encoded(picture, "JPEG", quality=40), "a.jpg")


def scaled(picture: np.ndarray) -> np.ndarray:
    side = int(len(picture) * 0.6)
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS))


def brightened(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture * 1.2, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", [saved_again, scaled, brightened])
def test_a_photograph_and_what_was_made_of_it_are_twins(fruit, change):
    chosen = [fruit.pixels[at] for at in range(0, len(fruit.labels), 30)]
    found = groups([*chosen, *map(change, chosen)])
    assert found[len(chosen) :] == found[: len(chosen)]


def test_sample_photographs_of_full_size_are_told_from_one_another_and_know_their_copies(samples):
    found = groups([*samples, *map(saved_again, samples)])
    assert found == [*range(len(samples))] * 2


@pytest.fixture(scope="module")
def samples() -> list[np.ndarray]:
    return [decode_image(path.read_bytes(), path.name) for path in sorted(SAMPLES.glob("*.jpg"))]


def test_different_photographs_of_one_class_are_no_twins(fruit):
    chosen = [fruit.pixels[at] for at in np.flatnonzero(fruit.labels == 5)[::4]]
    n_groups = len(set(groups(chosen)))
    assert n_groups >= 0.9 * len(chosen)  # the set holds a few shots of one scene


def test_different_digits_are_no_twins(tmp_path_factory):
    digits = load_dataset("mnist-small", tmp_path_factory.getbasetemp())
    chosen = [digits.pixels[at] for at in range(0, 3000, 5)]
    assert len(set(groups(chosen))) >= 0.99 * len(chosen)


def test_the_number_of_a_group_is_its_first_picture(fruit):
    one, other = fruit.pixels[0], fruit.pixels[500]
    assert groups([other, one, saved_again(one), saved_again(other), one]) == [0, 1, 1, 0, 1]


def test_equal_pictures_are_twins_by_their_identity_alone():
    looks = [signature(pattern(number, 32)) for number in (1, 2, 3)]
    assert of_looks(looks, ["a", "b", "a"]) == [0, 1, 0]


def test_twins_of_twins_are_one_group(fruit):
    first = fruit.pixels[100]
    chain = [first, saved_again(first), scaled(saved_again(first)), brightened(scaled(saved_again(first)))]
    assert groups(chain) == [0, 0, 0, 0]


def test_the_groups_do_not_depend_on_the_order(fruit):
    chosen = [fruit.pixels[at] for at in range(0, 600, 12)]
    chosen += list(map(saved_again, chosen))
    order = np.random.default_rng(0).permutation(len(chosen))
    straight, shuffled = np.array(groups(chosen)), np.array(groups([chosen[at] for at in order]))
    pairs = {
        tuple(sorted((int(a), int(b)))) for a in range(len(chosen)) for b in np.flatnonzero(straight == straight[a])
    }
    moved = {
        tuple(sorted((int(order[a]), int(order[b]))))
        for a in range(len(chosen))
        for b in np.flatnonzero(shuffled == shuffled[a])
    }
    assert pairs == moved


def test_pictures_without_contrast_are_twins_only_when_they_are_the_same_colour():
    def plain(level: int) -> Looks:
        return Looks.of([signature(np.full((16, 16, 3), level, np.uint8))])

    assert alike(plain(100), plain(101))[0]
    assert not alike(plain(100), plain(104))[0]
    assert FLAT > 1


def test_the_same_scene_in_another_colour_is_no_twin():
    red = pattern(4, 64).copy()
    blue = red[:, :, ::-1].copy()
    grey = np.repeat(red.mean(axis=2, keepdims=True), 3, axis=2)
    tinted = np.clip(grey + np.array([40, 0, -40]), 0, 255).astype(np.uint8)
    assert len(set(groups([red, blue]))) == 2
    assert len(set(groups([grey.astype(np.uint8), tinted]))) == 2


def test_the_members_of_each_group_are_given_in_order():
    found = [group.tolist() for group in members_of(np.array([0, 1, 0, 3, 1, 0]))]
    assert found == [[0, 2, 5], [1, 4], [3]]
    assert [group.tolist() for group in members_of(np.array([], int))] in ([], [[]])


def test_no_pictures_have_no_twins():
    assert [found.tolist() for found in near_duplicate_groups([], Looks.of([]), [])] == [[], []]


def test_pictures_of_one_pixel_have_a_look():
    assert groups([np.full((1, 1, 3), 7, np.uint8), np.full((1, 1, 3), 250, np.uint8)]) == [0, 1]


@pytest.fixture
def compared(monkeypatch) -> dict[str, int]:
    """How many pairs of hashes and of small pictures are compared, where each has at most four neighbours."""
    counts, bits, join = {"hashes": 0, "pictures": 0}, np.bitwise_count, near_duplicates._join

    def counted_bits(apart: np.ndarray) -> np.ndarray:
        counts["hashes"] += len(apart)
        return bits(apart)

    def counted_join(inside: np.ndarray, across: np.ndarray, ones: np.ndarray, *more) -> None:
        counts["pictures"] += len(ones)
        join(inside, across, ones, *more)

    monkeypatch.setattr(near_duplicates, "MOST_NEIGHBOURS", 4)
    monkeypatch.setattr(np, "bitwise_count", counted_bits)
    monkeypatch.setattr(near_duplicates, "_join", counted_join)
    return counts


@pytest.mark.parametrize(
    ("kind", "hashes", "pictures"), [("different", 28, 0.01), ("one scene", 28, 7), ("one hash", 28, 4)]
)
def test_each_picture_is_compared_with_few_others_however_many_there_are_and_however_alike(
    compared, kind, hashes, pictures
):
    def peak_bytes(n: int) -> int:
        looks = uniform(kind, n)
        compared.update(hashes=0, pictures=0)
        tracemalloc.start()
        found = near_duplicate_groups(*looks)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(set(found.twins.tolist())) == (1 if kind == "one scene" else n)
        assert compared["hashes"] <= hashes * n
        assert compared["pictures"] <= pictures * n
        return peak

    assert growth(peak_bytes, 2000) < NO_FASTER


def test_a_film_of_one_scene_is_one_group_though_its_ends_are_no_twins(fruit):
    one, other = fruit.pixels[0].astype(float), fruit.pixels[500].astype(float)
    film = [(one + (other - one) * step / 100).astype(np.uint8) for step in range(101)]
    assert groups([film[0], film[-1]]) == [0, 1]
    assert groups(film) == [0] * 101


WHITE, RED = (240, 240, 250), (200, 100, 100)


@pytest.mark.parametrize(("colour", "n_groups"), [(WHITE, 55), (RED, 50), (None, 3)])
def test_frames_of_a_camera_that_stands_still_are_told_apart_by_a_small_object_or_a_little_sway(colour, n_groups):
    found = groups([frame(seed, colour) for seed in range(60)])
    assert len(set(found)) >= n_groups


def test_frames_that_show_the_very_same_are_twins():
    assert set(groups([frame(seed, None, sway=0) for seed in range(6)])) == {0}


def test_what_looks_alike_in_two_classes_is_a_question_and_no_group(fruit):
    one, other = fruit.pixels[0], fruit.pixels[500]
    pictures = [one, saved_again(one), scaled(one), other, brightened(other)]
    looks = Looks.of(signature(kept_image(picture)) for picture in pictures)
    found = near_duplicate_groups(list("abcde"), looks, ["apple", "pear", "apple", "pear", "pear"])
    assert found.twins.tolist() == [0, 1, 0, 3, 3]
    assert found.lookalikes.tolist() == [0, 0, 0, 3, 3]


def test_equal_pictures_of_two_classes_stay_one_group(fruit):
    looks = Looks.of([signature(kept_image(fruit.pixels[0]))] * 3)
    found = near_duplicate_groups(["a", "a", "b"], looks, ["apple", "pear", "pear"])
    assert found.twins.tolist() == found.lookalikes.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "name",
    [
        "groceries",
        *(pytest.param(name, marks=pytest.mark.full) for name in ("cifar10-small", "mnist-small", "chest-xray-small")),
    ],
)
def test_of_random_pairs_of_two_classes_hardly_any_is_asked_about(name, tmp_path_factory):
    data = load_dataset(name, tmp_path_factory.getbasetemp())
    chosen = np.random.default_rng(0).permutation(len(data.labels))[:300]
    looks = Looks.of(signature(kept_image(data.pixels[at])) for at in chosen)
    one, other = np.triu_indices(len(chosen), 1)
    is_torn = data.labels[chosen[one]] != data.labels[chosen[other]]
    one, other = one[is_torn], other[is_torn]
    asked = sum(
        alike(looks.taken(one[part]), looks.taken(other[part])).sum()
        for part in np.array_split(np.arange(len(one)), len(one) // 500)
    )
    assert asked <= 0.001 * len(one)
