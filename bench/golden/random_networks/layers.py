"""One layer each, with every setting that flow understands: (draw, value, its shape) → value, or None where none fits."""
import numpy as np

from .drawing import ACTIVATIONS, L, is_3, is_image, keras


def as_argument(d):
    """What a layer is told as its activation: a name, a function, or a layer."""
    if d.flip(0.4):
        return "linear"
    layers = [lambda: L.LeakyReLU(d.one([0.1, 0.25])), L.LeakyReLU, lambda: L.ELU(0.7),
              lambda: L.ReLU(6.0), lambda: L.ReLU(negative_slope=0.2), lambda: L.Activation("tanh")]
    kinds = [lambda: d.one(ACTIVATIONS)] * 4 + [lambda: keras.activations.get(d.one(ACTIVATIONS)), lambda: d.one(layers)()]
    return d.one(kinds)()


def moving(d, pairs=True):
    """Strides or dilation: Keras has one of them at a time."""
    strides, dilation = (d.one([1, 2, 3]), 1) if d.flip() else (1, d.one([1, 1, 2, 3, (1, 2), (2, 1)]))
    if pairs and dilation == 1 and d.flip(0.2):
        strides = d.one([(2, 1), (1, 3)])
    form = dict(data_format="channels_last") if d.flip(0.1) else {}
    return dict(strides=strides, dilation_rate=dilation, padding=d.one(["same", "valid"]), **form)


def conv(d, x, s):
    groups = d.one([n for n in range(1, s[3] + 1) if s[3] % n == 0]) if s[3] <= 12 and d.flip(0.4) else 1
    return L.Conv2D(groups * d.upto(1, 6), (d.upto(1, 5), d.upto(1, 5)), groups=groups, use_bias=d.flip(0.7),
                    activation=as_argument(d), **moving(d), **d.training("kernel", "bias"), **d.common("conv"))(x)


def depthwise(d, x, s):
    return L.DepthwiseConv2D((d.upto(1, 4), d.upto(1, 4)), depth_multiplier=d.upto(1, 3), use_bias=d.flip(),
                             activation=as_argument(d), **moving(d, pairs=False),
                             **d.training("depthwise", "bias"), **d.common("dw"))(x)


def separable(d, x, s):
    return L.SeparableConv2D(d.upto(1, 8), d.one([1, 2, 3, (3, 1), (2, 4)]), depth_multiplier=d.upto(1, 2), use_bias=d.flip(),
                             activation=as_argument(d), **moving(d, pairs=False),
                             **d.training("depthwise", "pointwise"), **d.common("sep"))(x)


def transposed(d, x, s):
    size = d.one([1, 2, 3, 4, 5, (3, 2), (1, 4)])
    how = moving(d)
    if how["padding"] == "valid" or how["dilation_rate"] == 1:
        more = d.one([None, None, 0, 1, (0, 1)])
    else:
        more = None
    return L.Conv2DTranspose(d.upto(1, 5), size, output_padding=more, use_bias=d.flip(), activation=as_argument(d),
                             **how, **d.training("kernel"), **d.common("up"))(x)


def dense(d, x, s):
    return L.Dense(d.upto(1, 12), use_bias=d.flip(0.8), activation=as_argument(d), **d.training("kernel", "bias"),
                   **d.common("dense"))(x)


def norm(d, x, s):
    kind, more = L.BatchNormalization, {}
    if d.flip(0.2):
        kind, more = (L.BatchNormalization, dict(synchronized=True)) if is_3 or d.flip() else (L.experimental.SyncBatchNormalization, {})
    if not more and d.flip(0.2):
        more = dict(momentum=0.9, **d.training("gamma", "beta"))
        more.pop("activity_regularizer", None)
    return kind(axis=d.one([-1, len(s) - 1]), epsilon=d.one([1e-3, 1e-5, 1.001e-5, 0.02]), center=d.flip(0.8),
                scale=d.flip(0.8), **more, **d.common("bn"))(x)


def conv_norm(d, x, s):
    x = L.Conv2D(d.upto(2, 8), d.upto(1, 3), padding="same", use_bias=d.flip(), name=d.name("conv"))(x)
    x = L.BatchNormalization(name=d.name("bn"))(x)
    return L.ReLU(name=d.name("relu"))(x)


def layer_norm(d, x, s):
    axis = d.one([-1, 3, [1, 2, 3], [2, 3], [1, 2], [-1, -2], 1]) if is_image(s) else d.one([-1, len(s) - 1])
    if np.prod([s[a] for a in np.atleast_1d(axis)]) < 3:  # of one number nothing is left but rounding, of two the sign
        return None
    return L.LayerNormalization(axis=axis, epsilon=d.one([1e-3, 1e-6, 0.01]), center=d.flip(0.8), scale=d.flip(0.8),
                                **d.common("ln"))(x)


def normalization(d, x, s):
    axes = [-1, len(s) - 1, None] + ([(1, 3), (1, 2, 3), 2] if is_image(s) else [])
    axis, invert = d.one(axes), dict(invert=True) if d.flip(0.2) else {}
    if d.flip():
        return L.Normalization(axis=axis, **invert, **d.common("normal"))(x)
    if axis is None or d.flip(0.2):
        return L.Normalization(axis=axis, mean=0.3, variance=0.5, **invert, **d.common("normal"))(x)
    shape = [s[a] for a in np.atleast_1d(axis)]
    mean, variance = d.numbers(-1, 1, shape), d.numbers(0.1, 2, shape)
    if d.flip():
        mean, variance = mean.tolist(), variance.tolist()
    return L.Normalization(axis=axis, mean=mean, variance=variance, **invert, **d.common("normal"))(x)


def rescaling(d, x, s):
    each, moved = d.numbers(0.5, 1.5, s[-1]).tolist(), d.numbers(-1, 1, s[-1]).tolist()
    return L.Rescaling(d.one([1 / 127.5, 0.5, 2, each]), offset=d.one([0.0, -1.0, 0.3, moved]), **d.common("rescale"))(x)


def activation(d, x, s):
    given = d.one(ACTIVATIONS)
    return L.Activation(keras.activations.get(given) if d.flip(0.2) else given, **d.common("act"))(x)


def relu(d, x, s):
    return L.ReLU(max_value=d.one([None, 6.0, 1.5]), negative_slope=d.one([0.0, 0.1, 0.3]),
                  threshold=d.one([0.0, 0.4871, 0.2337]), **d.common("relu"))(x)


def leaky(d, x, s):
    return d.one([L.LeakyReLU, lambda **more: L.LeakyReLU(d.one([0.01, 0.2, 0.0]), **more)])(**d.common("leaky"))(x)


def elu(d, x, s):
    return L.ELU(alpha=d.one([1.0, 0.5, 2.0]), **d.common("elu"))(x)


def prelu(d, x, s):
    shared = d.one([None, [1, 2], [1], [3], [1, 2, 3]]) if is_image(s) else d.one([None, [1]])
    return L.PReLU(shared_axes=shared, alpha_initializer=keras.initializers.RandomUniform(0, 0.5), **d.training("alpha"),
                   **d.common("prelu"))(x)


def softmax(d, x, s):
    axis = d.one([-1, 1, 2, 3, -2, [1, 2], [1, 2, 3]]) if is_image(s) else d.one([-1, 1])
    if np.prod([s[a] for a in np.atleast_1d(axis)]) == 1:  # all is 1
        return None
    return L.Softmax(axis=axis, **d.common("softmax"))(x)


def pad(d, x, s):
    sides = d.one([1, (2, 1), ((1, 0), (0, 2)), ((3, 3), (3, 3)), ((0, 1), (0, 1))])
    x = L.ZeroPadding2D(sides, **d.common("pad"))(x)
    if d.flip(0.7):
        return d.one([pool, conv, depthwise])(d, x, tuple(x.shape))
    return x


def pool(d, x, s):
    kind = d.one([L.MaxPooling2D, L.AveragePooling2D])
    return kind(d.one([2, 3, (2, 3), (1, 2), 5]), strides=d.one([None, 1, 2, 3, (1, 2)]), padding=d.one(["same", "valid"]),
                **d.common("pool"))(x)


def global_pool(d, x, s):
    kind = d.one([L.GlobalMaxPooling2D, L.GlobalAveragePooling2D])
    return kind(keepdims=d.flip(0.4), **d.common("global"))(x)


def crop(d, x, s):
    return L.Cropping2D(d.one([1, (0, 1), ((1, 0), (2, 1)), ((0, 0), (0, 3))]), **d.common("crop"))(x)


def upsample(d, x, s):
    return L.UpSampling2D(d.one([2, 3, (1, 2), (3, 2), 5]), interpolation=d.one(["nearest", "bilinear"]), **d.common("resize"))(x)


def permute(d, x, s):
    order = [int(axis) + 1 for axis in d.r.permutation(len(s) - 1)]
    return L.Permute(order, **d.common("permute"))(x)


def reshape(d, x, s):
    length = int(np.prod(s[1:]))
    n = d.one([n for n in range(1, 9) if length % n == 0])
    target = d.one([(n, -1), (-1,), (n, 1, -1), (length // n, n), (1, -1, n)])
    return L.Reshape(target, **d.common("reshape"))(x)


def flatten(d, x, s):
    return L.Flatten(**(dict(data_format="channels_last") if d.flip(0.3) else {}), **d.common("flatten"))(x)


def nothing(d, x, s):
    """What does nothing once a network is trained."""
    shape = dict(noise_shape=(None, *[1] * (len(s) - 2), s[-1])) if d.flip(0.2) else {}
    kinds = [lambda: L.Dropout(0.4, **shape, **d.common("drop")), lambda: L.GaussianNoise(0.2, seed=3, **d.common("noise")),
             lambda: L.GaussianDropout(0.3, **d.common("gd")), lambda: L.AlphaDropout(0.2, seed=4, **d.common("ad")),
             lambda: L.ActivityRegularization(0.1, l2=0.2, **d.common("ar")), lambda: L.Identity(**d.common("same"))]
    if is_image(s):
        kinds += [lambda: L.SpatialDropout2D(0.4, **d.common("sd"))] * 2
    if len(s) == 3:
        kinds += [lambda: L.SpatialDropout1D(0.4, **d.common("sd"))] * 2
    return d.one(kinds)()(x)
