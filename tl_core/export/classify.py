"""Classifies pictures with the network in this folder, as it was checked when it was written.

    python classify.py PICTURE…

Needs numpy and pillow, and for model.keras keras with tensorflow, for model.tflite tensorflow or ai-edge-litert, for
model.onnx onnxruntime. Any other program may use the network as this one does: pictures are numbers 0–255, RGB, uint8,
of the shape (pictures, side, side, 3); what comes out are probabilities, in the order of labels.txt.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np


def keras_model(path):
    """Returns a function from pictures to probabilities, the side of its pictures, and what reads the file."""
    import keras

    model = keras.saving.load_model(path, compile=False)
    assert isinstance(model, keras.Model)
    return lambda images: np.asarray(model.predict_on_batch(images)), model.input_shape[1], ("keras",)


def tflite_model(path):
    """As `keras_model`."""
    try:
        from ai_edge_litert.interpreter import Interpreter  # pyright: ignore[reportMissingImports]

        package = "ai-edge-litert"
    except ImportError:
        import tensorflow as tf

        Interpreter, package = tf.lite.Interpreter, "tensorflow"
    interpreter = Interpreter(model_path=str(path))
    image, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def predict(images):
        interpreter.resize_tensor_input(image["index"], images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(image["index"], images)
        interpreter.invoke()
        return interpreter.get_tensor(answer["index"])

    return predict, int(image["shape"][1]), (package,)


def onnx_model(path):
    """As `keras_model`."""
    import onnxruntime  # pyright: ignore[reportMissingImports]

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    image = session.get_inputs()[0]
    return lambda images: session.run(None, {image.name: images})[0], int(image.shape[1]), ("onnxruntime",)


KEPT_SIDE = 256
READERS = {".keras": keras_model, ".tflite": tflite_model, ".onnx": onnx_model}


def picture(path, side, prepared):
    """Returns a picture file as the network sees it, uint8 (side, side, 3), made ready like those that it learned from.

    They were made squares of at most 256 px first, and then the network's size: the same steps give the same numbers.
    `prepared` is what labels.json says of that.
    """
    from PIL import Image, ImageOps

    with Image.open(path) as opened:
        rgb = in_rgb(ImageOps.exif_transpose(opened), prepared)
    if prepared["framing"] == "fit":
        square = filled_up(rgb)
    else:
        edge = min(rgb.size)
        left, top = (rgb.width - edge) // 2, (rgb.height - edge) // 2
        square = rgb.crop((left, top, left + edge, top + edge))
    for size in (min(square.width, KEPT_SIDE), side):
        square = square.resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(square)


def in_rgb(image, prepared):
    """Returns a picture with 8 bits a value, what is transparent laid on the ground of the network's data."""
    from PIL import Image

    if image.mode.startswith("I"):  # grey of 16 bits: `range` becomes black to white
        values = np.asarray(image).astype(np.int64)
        low, high = prepared["range"] or (0, 2 ** max(1, int(values.max()).bit_length()) - 1)
        levels = np.clip(values, low, high) - low
        few = high - low < 255
        levels = np.rint(levels * (255 / max(1, high - low))) if few else levels * 256 // (high - low + 1)
        image = Image.fromarray(levels.astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    laid = Image.new("RGB", layer.size, (prepared["ground"],) * 3)
    laid.paste(layer, mask=layer)
    return laid


def filled_up(rgb):
    """Returns the whole picture in the middle of a square, around it the mean colour of the edges that it meets."""
    from PIL import Image

    longer = max(rgb.size)
    side = min(longer, KEPT_SIDE)
    size = [max(1, round(edge * (side / longer))) for edge in rgb.size]
    pixels = np.asarray(rgb.resize(size, Image.Resampling.BILINEAR))
    edges = pixels[[0, -1]] if rgb.width > rgb.height else pixels[:, [0, -1]]
    square = np.empty((side, side, 3), np.uint8)
    square[:] = np.rint(edges.mean(axis=(0, 1)))
    top, left = (side - pixels.shape[0]) // 2, (side - pixels.shape[1]) // 2
    square[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return Image.fromarray(square)


def check(path, images, answers):
    """Classifies a file of pictures, writes the probabilities into another, says what read the model."""
    predict, _, packages = READERS[path.suffix](path)
    np.save(answers, predict(np.load(images)))
    names = [*packages, "numpy"]
    if "keras" in names:
        names.append("tensorflow")
    print(json.dumps({name: version_of(name) for name in names}))


def version_of(package):
    """Returns the version of a package; TensorFlow's build for processors alone has another name."""
    try:
        return version(package)
    except ImportError:
        return version("tensorflow-cpu")


def main(arguments):
    """Prints the three likeliest classes of each picture."""
    folder = Path(__file__).parent
    path = next(path for ending in READERS for path in folder.glob(f"model{ending}"))
    labels = (folder / "labels.txt").read_text(encoding="utf-8").splitlines()
    prepared = json.loads((folder / "labels.json").read_text(encoding="utf-8"))["prepared"]
    predict, side, _ = READERS[path.suffix](path)
    for file in arguments:
        seen = picture(file, side, prepared)
        (answer, _) = predict(np.stack([seen, seen]))  # a batch of one takes another path, with other last digits
        best = np.argsort(answer)[::-1][:3]
        print(file, ", ".join(f"{labels[at]} {answer[at]:.1%}" for at in best))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        check(*map(Path, sys.argv[2:]))
    else:
        main(sys.argv[1:])
