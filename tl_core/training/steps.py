"""Many steps in one compiled call: between two steps of a small head, Python takes longer than the head itself.

A call takes k batches, however many, and trains on them one after the other inside one compiled loop, on the very
variables that Keras owns. The loop is traced once for all k, and its numbers are those of k calls with one batch.

XLA is not used. For a linear head it saves 3 ms an epoch and takes 0.6 s longer to compile; for larger heads it saves
nothing once the optimiser is one operation (`CompiledSteps`); on convolutions it is catastrophic on a CPU.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol

import keras
import numpy as np

from tl_core.training.optimizers import share_of

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

CALL_S = 0.1  # a turn in a shared worker may last 0.2 s
GROWTH = 8
FEW_NUMBERS = 100_000
Update = Callable[[Any, Sequence, Sequence], None]  # optimiser, as Keras types it wrongly; gradients, variables


class Steps(Protocol):
    """Trains and asks a compiled model, many batches at a time.

    Shape: `inputs` are (k, B, …) with the model's own type and B = the batch size throughout, `labels` int (k, B).

    Attributes:
        squares: float (k, trainable variables), the squared norms of the last call's gradients, negative at steps at
            which they were not measured; None where they never are.

    Thread: worker.
    """

    squares: np.ndarray | None

    def compile(self) -> None:
        """Compiles the training step; nothing is trained."""

    def train(self, inputs: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Takes one optimiser step a batch.

        Returns:
            Losses float (k,) and accuracies float (k,), each before its batch's update.
        """
        ...

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        """Returns float (k, B, classes), of the network as it is used: nothing dropped, no statistics moved."""
        ...


def make_steps(model: keras.Model, batch_size: int, *, is_exact: bool = False, squares_every: int = 0) -> Steps:
    """Returns the steps of a model that has its optimiser and loss, the optimiser's variables built.

    Args:
        model: Compiled, as `compilation.compile_model` does it.
        batch_size: Pictures in every batch.
        is_exact: Whether the optimiser computes with Keras' own operations; see `CompiledSteps`.
        squares_every: At every so many-th step the norms of the gradients are measured, where the backend lets us see
            them; 0: never.
    """
    if keras.backend.backend() == "tensorflow":
        return CompiledSteps(model, batch_size, is_exact=is_exact, squares_every=squares_every)
    return PlainSteps(model)


class PlainSteps:
    """Keras' own calls, one batch each; for backends other than TensorFlow. Gradients are not seen."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self.squares: np.ndarray | None = None

    def compile(self) -> None:
        """Does nothing: Keras compiles with the first batch."""

    def train(self, inputs: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = [self._step(*batch) for batch in zip(inputs, labels, strict=True)]
        losses, accuracies = np.array(rows).T
        return losses, accuracies

    def _step(self, inputs: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        self._model.reset_metrics()
        logs = self._model.train_on_batch(inputs, labels, return_dict=True)
        return float(logs["loss"]), float(logs["accuracy"])

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        return np.stack([self._model.predict_on_batch(batch) for batch in inputs])


class CompiledSteps:
    """One TensorFlow function for training and one for asking, each a loop over the batches.

    Keras traces its own training function twice, and each operation of its optimisers through three layers of Python:
    a from-scratch MobileNetV2 is ready after 14 s of processor time there and after 5 s here.

    Unless `is_exact`, Adam and SGD with momentum update a variable by TensorFlow's one operation for it instead of
    Keras' ten, each of which reads and writes the whole variable: ×3.5 on 13 million numbers. It is the textbook's
    formula, and in float32 Adam lies nearer to float64 than Keras' does, which computes 1 − β₂ and 1 − β₂ᵗ with two β₂,
    one rounded to float32 and one not. A small head gains nothing and always takes Keras' operations.

    Args:
        model: Compiled, its optimiser built.
        batch_size: Pictures in every batch.
        is_exact: Whether the optimiser computes with Keras' own operations, to the last bit of `train_on_batch`.
        squares_every: At every so many-th step each gradient's squared norm is measured: one more operation a variable,
            which changes no bit of the weights. 0: never.

    References: Kingma & Ba 2015, section 2 (Adam, in the order of computation that both use).
    """

    def __init__(self, model: keras.Model, batch_size: int, *, is_exact: bool = False, squares_every: int = 0) -> None:
        self._squares_every, self.squares = squares_every, None
        self._model, self._optimizer, self._loss = model, model.optimizer, model.loss
        self._weights = [variable.value for variable in model.trainable_variables]
        n_numbers = sum(math.prod(weight.shape) for weight in self._weights)
        self._update = _keras_update if is_exact or n_numbers < FEW_NUMBERS else _quick_update(model.optimizer)
        self._inputs = tf.TensorSpec((None, batch_size, *model.input_shape[1:]), model.inputs[0].dtype)
        self._labels, self._batch_size = tf.TensorSpec((None, batch_size), tf.int64), batch_size

    def compile(self) -> None:
        shape = (0, self._batch_size, *self._model.input_shape[1:])
        self.train(np.zeros(shape, self._inputs.dtype.as_numpy_dtype), np.zeros(shape[:2], np.int64))

    def train(self, inputs: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        losses, accuracies, *squares = self._train(tf.constant(inputs), tf.constant(labels, tf.int64))
        self.squares = squares[0].numpy() if squares else None
        return losses.numpy(), accuracies.numpy()

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        return self._ask(tf.constant(inputs)).numpy()

    @cached_property
    def _train(self) -> Callable:
        function = tf.function(self._each_step, autograph=False, jit_compile=False)
        return function.get_concrete_function(self._inputs, self._labels)

    @cached_property
    def _ask(self) -> Callable:
        return tf.function(self._each_logits, autograph=False, jit_compile=False).get_concrete_function(self._inputs)

    def _each_step(self, inputs: "tf.Tensor", labels: "tf.Tensor") -> tuple["tf.Tensor", ...]:
        signature = (self._model.outputs[0].dtype,) * (2 + bool(self._squares_every))
        return tf.map_fn(self._step, (inputs, labels), parallel_iterations=1, fn_output_signature=signature)

    def _each_logits(self, inputs: "tf.Tensor") -> "tf.Tensor":
        dtype = self._model.outputs[0].dtype
        return tf.map_fn(
            lambda batch: self._model(batch, training=False), inputs, parallel_iterations=1, fn_output_signature=dtype
        )

    def _step(self, batch: tuple["tf.Tensor", "tf.Tensor"]) -> tuple["tf.Tensor", ...]:
        inputs, labels = batch
        with tf.GradientTape(watch_accessed_variables=False) as tape:  # what is frozen needs no gradient
            tape.watch(self._weights)
            logits = self._model(inputs, training=True)
            loss = self._loss(labels, logits)
        gradients = tape.gradient(loss, self._weights)
        squares = [self._squares(gradients, loss.dtype)] if self._squares_every else []
        self._update(self._optimizer, gradients, self._model.trainable_variables)
        is_right = tf.equal(tf.argmax(logits, axis=-1), labels)
        said = loss, tf.reduce_mean(tf.cast(is_right, loss.dtype))
        return (*said, *squares)

    def _squares(self, gradients: Sequence, dtype: "tf.DType") -> "tf.Tensor":
        """Returns the squared norms where it is their turn, by the steps that the optimiser has counted, else -1."""
        if self._squares_every == 1:
            return _squares(gradients, dtype)
        count: Any = self._optimizer.iterations.value
        is_due = tf.equal(count % self._squares_every, self._squares_every - 1)
        nothing = tf.fill((len(gradients),), tf.constant(-1, dtype))
        return tf.cond(is_due, lambda: _squares(gradients, dtype), lambda: nothing)


def _squares(gradients: Sequence, dtype: "tf.DType") -> "tf.Tensor":
    """Returns the squared norm of each gradient, in one operation for each: float (variables,)."""
    return 2 * tf.stack([tf.cast(tf.nn.l2_loss(gradient), dtype) for gradient in gradients])


def _quick_update(optimizer: keras.optimizers.Optimizer) -> Update:
    """Returns an update by one operation a variable; Keras' own where TensorFlow has none."""
    if isinstance(optimizer, keras.optimizers.Adam):
        return _adam_update
    if isinstance(optimizer, keras.optimizers.SGD) and optimizer.momentum:
        return _momentum_update
    return _keras_update


def _keras_update(optimizer: Any, gradients: Sequence, variables: Sequence) -> None:
    optimizer.apply(gradients, variables)


def _adam_update(optimizer: Any, gradients: Sequence, variables: Sequence) -> None:
    rate = tf.convert_to_tensor(optimizer.learning_rate)
    step = tf.cast(optimizer.iterations.value + 1, rate.dtype)
    beta_1, beta_2 = tf.constant(optimizer.beta_1, rate.dtype), tf.constant(optimizer.beta_2, rate.dtype)
    power_1, power_2 = tf.pow(beta_1, step), tf.pow(beta_2, step)
    epsilon = tf.constant(optimizer.epsilon, rate.dtype)
    averages = zip(optimizer._momentums, optimizer._velocities, strict=True)
    each = zip(variables, gradients, averages, strict=True)
    for at, (variable, gradient, (mean, square)) in enumerate(each):
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=mean.handle,
            v=square.handle,
            beta1_power=power_1,
            beta2_power=power_2,
            lr=rate * share_of(optimizer, at),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=epsilon,
            grad=gradient,
        )
    optimizer.iterations.assign_add(1)


def _momentum_update(optimizer: Any, gradients: Sequence, variables: Sequence) -> None:
    rate = tf.convert_to_tensor(optimizer.learning_rate)
    momentum = tf.constant(optimizer.momentum, rate.dtype)
    each = zip(variables, gradients, optimizer.momentums, strict=True)
    for at, (variable, gradient, velocity) in enumerate(each):
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=velocity.handle,
            lr=rate * share_of(optimizer, at),
            grad=gradient,
            momentum=momentum,
            use_nesterov=optimizer.nesterov,
        )
    optimizer.iterations.assign_add(1)


class Pace:
    """How many batches go into one call, so that a call lasts about `CALL_S`.

    Args:
        most: A call never takes more, however short it is.

    Attributes:
        n_batches: So many the next call should take. The first takes one.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.n_batches = 1

    def calls(self, batches: np.ndarray) -> Iterator[np.ndarray]:
        """Yields batches, int (n, B), in groups (k, B), each as large as a call should be by then."""
        while len(batches):
            chosen, batches = batches[: self.n_batches], batches[self.n_batches :]
            yield chosen

    def note(self, n_batches: int, seconds: float) -> None:
        """Learns from a call; one lucky measurement does not make the next call long."""
        fitting = int(CALL_S * n_batches / max(seconds, 1e-6))
        self.n_batches = max(1, min(fitting, GROWTH * max(n_batches, self.n_batches), self._most))
