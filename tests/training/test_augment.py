import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import affine_transform

from tl_core.seeds import generator
from tl_core.training.augment import augment, classic_matrix, view_key

SIDE = 48


def photographs(n: int = 6) -> np.ndarray:
    """Returns smooth pictures whose left half is red and right half blue, each with its own shades of green."""
    images = np.zeros((n, SIDE, SIDE, 3), np.uint8)
    images[:, :, : SIDE // 2, 0] = 255
    images[:, :, SIDE // 2 :, 2] = 255
    images[..., 1] = np.linspace(0, 200, n, dtype=np.uint8)[:, None, None]
    return images


def views(images, view=1, indices=None, seed=0, can_flip=True, kind="light") -> np.ndarray:
    indices = np.arange(len(images)) if indices is None else np.array(indices)
    numbers = np.broadcast_to(view, len(images))
    return augment(images, views=numbers, indices=indices, seed=seed, can_flip=can_flip, kind=kind)


def is_mirrored(view: np.ndarray) -> bool:
    """Says whether the red half lies on the right."""
    return view[:, SIDE // 2 :, 0].mean() > view[:, : SIDE // 2, 0].mean()


def test_a_view_depends_on_seed_number_and_picture_alone():
    images = photographs()
    np.testing.assert_array_equal(views(images), views(images))
    assert not np.array_equal(views(images), views(images, view=2))
    assert not np.array_equal(views(images), views(images, seed=1))
    same_picture_as_another = views(images[[0, 0]], indices=[0, 1])
    assert not np.array_equal(*same_picture_as_another)


def test_a_view_does_not_depend_on_its_batch():
    images = photographs()
    together = views(images)
    for index in range(len(images)):
        np.testing.assert_array_equal(views(images[[index]], indices=[index])[0], together[index])
    np.testing.assert_array_equal(views(images[::-1], indices=range(5, -1, -1))[::-1], together)


def test_a_batch_may_show_another_view_of_each_picture():
    images = photographs()
    mixed = views(images, view=[1, 2, 1, 3, 2, 1])
    for index, view in enumerate([1, 2, 1, 3, 2, 1]):
        np.testing.assert_array_equal(mixed[index], views(images, view=view)[index])


def test_views_ignore_the_global_seed():
    images = photographs()
    np.random.seed(1)
    first = views(images)
    np.random.seed(2)
    np.testing.assert_array_equal(views(images), first)


def test_what_may_not_be_mirrored_never_is_and_what_may_is_half_of_the_time():
    images = photographs(1).repeat(400, axis=0)
    assert not any(map(is_mirrored, views(images, can_flip=False)))
    n_mirrored = sum(map(is_mirrored, views(images, can_flip=True)))
    assert 150 < n_mirrored < 250  # five standard deviations of a fair coin


@given(st.integers(0, 1000), st.integers(1, 50), st.booleans())
def test_a_view_is_a_picture_of_the_same_size(seed, number, can_flip):
    view = views(photographs(2), view=number, seed=seed, can_flip=can_flip)
    assert (view.dtype, view.shape) == (np.uint8, (2, SIDE, SIDE, 3))


def test_a_view_shows_most_of_its_picture():
    images = photographs(1).repeat(50, axis=0)
    distances = np.abs(views(images, can_flip=False).astype(int) - images).mean(axis=(1, 2, 3))
    assert (distances > 0).all()
    assert distances.max() < 30  # of 255; an unrelated picture would be 85 away


def test_a_picture_of_one_colour_stays_so_up_to_its_corners():
    grey = np.full((20, SIDE, SIDE, 3), (10, 120, 240), np.uint8)
    np.testing.assert_array_equal(views(grey), grey)


def test_what_lies_outside_the_picture_has_about_its_median_colour():
    noise = np.random.default_rng(0).integers(-20, 21, (60, SIDE, SIDE, 3))
    framed = np.zeros((60, SIDE, SIDE, 3), np.uint8)
    framed[:, 6:-6, 6:-6] = (np.array([60, 120, 180]) + noise)[:, 6:-6, 6:-6]
    corners = views(framed)[:, 0, 0].astype(int)
    medians = np.median(framed.reshape(60, -1, 3), axis=1)
    is_filled = np.abs(corners - medians).max(axis=1) < 10
    is_frame = corners.max(axis=1) == 0
    assert is_filled.sum() > 15
    assert (is_filled | is_frame).mean() > 0.9


def test_every_view_has_a_key_of_its_own():
    choices = [("a", 1, 0, True), ("a", 2, 0, True), ("a", 1, 2, True), ("a", 1, 0, False), ("b", 1, 0, True)]
    keys = [view_key(key, view=view, seed=seed, can_flip=can_flip) for key, view, seed, can_flip in choices]
    assert len(set(keys)) == len(keys)
    assert view_key("a", view=1, seed=0, can_flip=True) == keys[0]
    assert view_key("a", view=11, seed=0, can_flip=True) != view_key("a", view=1, seed=10, can_flip=True)


def test_the_pictures_themselves_are_left_alone():
    images = photographs()
    before = images.copy()
    views(images)
    np.testing.assert_array_equal(images, before)


# ---- as the old generators did it ----


def keras_matrix(shear: float, zx: float, zy: float, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns matrix and offset, worked out step by step as Keras' `apply_affine_transform` does: float64 3 × 3."""
    matrix = np.array([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]]) @ np.diag([zx, zy, 1])
    middle = side / 2 - 0.5
    there, back = np.eye(3), np.eye(3)
    there[:2, 2], back[:2, 2] = middle, -middle
    matrix = there @ matrix @ back
    matrix[:, [0, 1]] = matrix[:, [1, 0]]
    matrix[[0, 1]] = matrix[[1, 0]]
    return matrix[:2, :2], matrix[:2, 2]


def test_the_matrix_of_a_classic_view_is_keras_own():
    for shear, zx, zy in ((0.3, 0.8, 1.2), (-0.0035, 1.1, 0.9), (0.0, 1.0, 1.0)):
        expected, offset = keras_matrix(shear, zx, zy, SIDE)
        found, centre = classic_matrix(shear, zx, zy), np.full(2, (SIDE - 1) / 2)
        np.testing.assert_allclose(found, expected, atol=1e-12)
        np.testing.assert_allclose(centre - found @ centre, offset, atol=1e-12)


def test_a_classic_view_is_what_keras_code_makes_of_the_same_draws():
    images = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3)).astype(np.uint8)
    found = views(images, kind="classic")
    for index, (image, view) in enumerate(zip(images, found, strict=True)):
        random = generator(0, f"view/1/{index}")
        shear = np.deg2rad(random.uniform(-0.2, 0.2))
        matrix, offset = keras_matrix(shear, *random.uniform(0.8, 1.2, 2), SIDE)
        planes = np.moveaxis(image, -1, 0).astype(float)
        shown = [affine_transform(plane, matrix, offset, order=1, mode="nearest") for plane in planes]
        expected = np.stack(shown, axis=-1)
        expected = expected[:, ::-1] if random.random() < 0.5 else expected
        assert np.abs(view - expected).max() <= 0.51  # rounded to whole numbers


def test_classic_views_mirror_half_of_the_pictures_where_that_is_allowed():
    images = np.repeat(photographs(1), 200, axis=0)
    mirrored = [is_mirrored(view) for view in views(images, kind="classic")]
    assert 70 < sum(mirrored) < 130
    assert not any(is_mirrored(view) for view in views(images, kind="classic", can_flip=False))


def test_beyond_the_edge_a_classic_view_goes_on_with_the_nearest_pixel():
    white = np.full((20, SIDE, SIDE, 3), 255, np.uint8)
    assert views(white, kind="classic").min() == 255


def test_the_two_kinds_never_share_features():
    keys = {view_key("a", view=1, seed=0, can_flip=True, kind=kind) for kind in ("light", "classic")}
    assert len(keys) == 2
    assert view_key("a", view=1, seed=0, can_flip=True) in keys
