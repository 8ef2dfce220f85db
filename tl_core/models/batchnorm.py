"""BatchNormalization that trains at a CPU's speed: Keras' numbers in a few passes over memory instead of dozens.

Keras 3 writes training mode as a dozen operations, each of which reads and writes the whole feature map, and as many
again backwards. TensorFlow's fused kernel needs one operation each way. Its results are further from exact arithmetic,
though: it adds all pixels of a channel one after the other, and a running sum of 200,000 float32 numbers loses digits.
Here short columns are added, which are merged afterwards. So the statistics are nearer to float64 than those of Keras'
own layer.

Forward the kernel is quick only where the processor has AVX-512. Elsewhere it takes five to eight times as long, and a
whole step of MobileNetV2 took twice as long as with Keras' operations; there, a few plain operations do the same.

A whole step cannot be compared to more digits than a network has: behind ReLU6 the gradient jumps when a pixel crosses
the kink. For MobileNetV2 in float64, moving each weight by 1e-7 of itself moves the gradient by 2e-3 of its norm.
"""

import os

import keras
import numpy as np
from keras import layers

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf


NARROW = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2")  # instruction sets that oneDNN may be held to


def _is_kernel_quick() -> bool:
    """Says whether the processor has AVX-512, and oneDNN, which TensorFlow computes with, may use it."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    return not {"X86_V4", "AVX512_SKX"}.isdisjoint(found) and os.environ.get("ONEDNN_MAX_CPU_ISA", "ALL") not in NARROW


IS_KERNEL_QUICK = _is_kernel_quick()


class FastBatchNormalization(layers.BatchNormalization):
    """Keras' BatchNormalization for float32 feature maps (N, H, W, C) on a CPU under TensorFlow.

    Modes, variables, and moving statistics (which keep the biased variance) are Keras'. With a mask, other dtypes,
    shapes and backends, and on a GPU, Keras' own code runs.

    Shape:
        float32 (N, H, W, C) → the same.

    References:
        Ioffe and Szegedy 2015, "Batch Normalization", algorithm 1. Chan, Golub and LeVeque 1983, "Algorithms for
        computing the sample variance", for merging the columns.
    """

    def call(self, inputs, training=None, mask=None):
        """Normalises with the batch's statistics in training mode while trainable, otherwise with the moving ones."""
        if mask is not None or not self._is_covered(inputs):
            return super().call(inputs, training=training, mask=mask)
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(inputs.shape[-1])
        offset = tf.convert_to_tensor(self.beta) if self.center else tf.zeros(inputs.shape[-1])
        if not (training and self.trainable):
            moments = tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance)
            return _normalise(inputs, scale, offset, *moments, self.epsilon, is_training=False)
        mean, variance = channel_moments(inputs)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            assert moving is not None  # `build` has made it
            moving.assign(moving * self.momentum + now * (1.0 - self.momentum))
        return _normalise(inputs, scale, offset, mean, variance, self.epsilon, is_training=True)

    def _is_covered(self, inputs) -> bool:
        return (
            keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and None not in inputs.shape[2:]
            and self.axis in (-1, 3)
            and keras.backend.standardize_dtype(inputs.dtype) == self.compute_dtype == "float32"
            and not (self.renorm or self.synchronized)
            and not tf.config.list_physical_devices("GPU")
        )


def with_fast_batchnorm(model: keras.Model) -> keras.Model:
    """Lets a network normalise by `FastBatchNormalization`. Layers, variables, names and their order stay.

    The layers change in place, in a millisecond; what was compiled before keeps its old code.

    Args:
        model: A flat model. Only layers that are exactly Keras' BatchNormalization change.

    Returns:
        The same model.
    """
    for layer in model.layers:
        if type(layer) is layers.BatchNormalization:
            layer.__class__ = FastBatchNormalization  # no attributes of its own; a clone would cost seconds
    return model


def channel_moments(inputs) -> tuple:
    """Returns mean and biased variance of each channel, added up in columns of N·H pixels.

    Each of a row's W pixels counts as a channel of its own, so no sum is longer than N·H; the columns' moments,
    equal in number, are merged. No difference of large numbers is taken: a mean far from 0 costs no digits.

    Args:
        inputs: float32 (N, H, W, C), TensorFlow.

    Returns:
        Mean and variance, float32 (C,). No gradient flows through them: `_normalise` has it in closed form.
    """
    n_images, height, width, channels = (*tf.unstack(tf.shape(inputs)[:2]), *inputs.shape[2:])
    moments = (_kernel_moments if IS_KERNEL_QUICK else _plain_moments)(inputs, n_images, height, width * channels)
    means, variances = (tf.stop_gradient(tf.reshape(moment, (width, channels))) for moment in moments)
    mean = tf.reduce_mean(means, 0)
    return mean, tf.reduce_mean(variances, 0) + tf.reduce_mean(tf.math.squared_difference(means, mean), 0)


def _kernel_moments(inputs, n_images, height, width: int) -> tuple:
    """Returns mean and biased variance, float32 (width,), of an array (n_images, height, width) over its first axes."""
    rows = tf.reshape(inputs, (n_images, height, 1, width))
    ones, none = tf.ones(width), tf.zeros(0)
    return _kernel(rows, ones, ones, none, none, epsilon=1.0, is_training=True)[3:5]  # outputs 3, 4: biased


def _plain_moments(inputs, n_images, height, width: int) -> tuple:
    """As `_kernel_moments`; a product of matrices adds faster than a sum does."""
    rows = tf.reshape(inputs, (n_images * height, width))
    shares = tf.fill((1, n_images * height), 1.0 / tf.cast(n_images * height, tf.float32))
    mean = tf.matmul(shares, rows)
    return mean[0], tf.matmul(shares, tf.math.squared_difference(rows, mean))[0]


def _normalise(inputs, scale, offset, mean, variance, epsilon: float, is_training: bool):
    """Normalises by given moments. In training they are the batch's own: the gradient's closed form includes them."""

    @tf.custom_gradient
    def normalise(inputs, scale, offset):
        outputs, reserve = _scaled(inputs, scale, offset, mean, variance, epsilon)

        def gradient(upstream):
            to_inputs, to_scale, to_offset, *_ = tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=upstream,
                x=inputs,
                scale=scale,
                reserve_space_1=mean,
                reserve_space_2=variance,
                reserve_space_3=reserve,
                epsilon=epsilon,
                is_training=is_training,
            )
            if not is_training:  # a slope for each channel; a frozen layer's step drops the operation above unused
                zeros = tf.zeros_like(mean)
                to_inputs, _ = _scaled(upstream, scale, zeros, zeros, variance, epsilon)
            return to_inputs, to_scale, to_offset

        return outputs, gradient

    return normalise(inputs, scale, offset)


def _scaled(inputs, scale, offset, mean, variance, epsilon: float) -> tuple:
    """Returns (inputs − mean) · scale / √(variance + ε) + offset, and what the kernel's gradient wants to be given."""
    if IS_KERNEL_QUICK:
        outputs, *_, reserve = _kernel(inputs, scale, offset, mean, variance, epsilon)
        return outputs, reserve
    slope = scale * tf.math.rsqrt(variance + epsilon)
    return inputs * slope + (offset - mean * slope), tf.zeros(0)


def _kernel(inputs, scale, offset, mean, variance, epsilon: float, is_training: bool = False):
    return tf.raw_ops.FusedBatchNormV3(
        x=inputs, scale=scale, offset=offset, mean=mean, variance=variance, epsilon=epsilon, is_training=is_training
    )
