"""Network architectures as plain lists of operations, from which both the PyTorch module and the ONNX file are made.

Inception v3 is that of Szegedy et al. 2016 ("Rethinking the Inception architecture") in the layout of Keras: no
auxiliary head, batch norm behind every convolution, average pools that leave padding out of the mean.
"""

from dataclasses import dataclass, field

Pair = tuple[int, int]


@dataclass(frozen=True)
class Conv:
    """Convolution, batch norm, ReLU.  ``padding`` is per side: rows at top and bottom, columns at left and right."""

    name: str
    source: str
    inputs: int
    outputs: int
    kernel: Pair
    stride: int = 1
    padding: Pair = (0, 0)


@dataclass(frozen=True)
class Pool:
    """3x3 pooling: ``max`` with stride 2 and no padding, or ``average`` with stride 1 and padding 1 (not counted)."""

    name: str
    source: str
    kind: str


@dataclass(frozen=True)
class Concat:
    """Joins tensors along the channels."""

    name: str
    sources: tuple[str, ...]


@dataclass
class Architecture:
    """Operations in executable order; the last one's output is the feature map below the global average."""

    size: int
    """Side of the square input in pixels."""
    operations: list[Conv | Pool | Concat] = field(default_factory=list)
    channels: dict[str, int] = field(default_factory=lambda: {"input": 3})
    """Channels of every tensor so far, by name."""

    @property
    def features(self) -> str:
        """Name of the last feature map."""
        return self.operations[-1].name

    def convolutions(self) -> list[Conv]:
        """The convolutions in order of construction (the order in which Keras numbers them)."""
        return [op for op in self.operations if isinstance(op, Conv)]

    def conv(self, name: str, source: str, outputs: int, kernel: Pair, stride: int = 1, same: bool = True) -> str:
        """Adds a convolution; ``same`` pads so that the extent is kept."""
        padding = (kernel[0] // 2, kernel[1] // 2) if same else (0, 0)
        self.operations.append(Conv(name, source, self.channels[source], outputs, kernel, stride, padding))
        self.channels[name] = outputs
        return name

    def pool(self, name: str, source: str, kind: str) -> str:
        """Adds a pooling of ``kind`` ``max`` or ``average``."""
        self.operations.append(Pool(name, source, kind))
        self.channels[name] = self.channels[source]
        return name

    def concat(self, name: str, *sources: str) -> str:
        """Adds a concatenation."""
        self.operations.append(Concat(name, sources))
        self.channels[name] = sum(self.channels[source] for source in sources)
        return name

    # The five kinds of block.  Arguments are channel counts; block and branch name the tensors.

    def block_5x5(self, block: str, x: str, one: int, five: Pair, three: Pair, projection: int) -> str:
        """Branches 1x1, 5x5, two 3x3, pool (mixed0 to mixed2)."""
        a = self.conv(f"{block}/1x1", x, one, (1, 1))
        b = self.conv(f"{block}/5x5_reduce", x, five[0], (1, 1))
        b = self.conv(f"{block}/5x5", b, five[1], (5, 5))
        c = self.conv(f"{block}/3x3_reduce", x, three[0], (1, 1))
        c = self.conv(f"{block}/3x3_1", c, three[1], (3, 3))
        c = self.conv(f"{block}/3x3_2", c, three[1], (3, 3))
        d = self.pool(f"{block}/pool", x, "average")
        d = self.conv(f"{block}/pool_1x1", d, projection, (1, 1))
        return self.concat(block, a, b, c, d)

    def reduce_3x3(self, block: str, x: str, single: int, double: Pair) -> str:
        """Halves the extent by 3x3 convolutions of stride 2 and a max pool (mixed3)."""
        a = self.conv(f"{block}/3x3", x, single, (3, 3), stride=2, same=False)
        b = self.conv(f"{block}/double_reduce", x, double[0], (1, 1))
        b = self.conv(f"{block}/double_1", b, double[1], (3, 3))
        b = self.conv(f"{block}/double_2", b, double[1], (3, 3), stride=2, same=False)
        c = self.pool(f"{block}/pool", x, "max")
        return self.concat(block, a, b, c)

    def block_7x7(self, block: str, x: str, inner: int, outer: int) -> str:
        """Branches 1x1, 7x7 and double 7x7 factored into 1x7 and 7x1, pool (mixed4 to mixed7)."""
        a = self.conv(f"{block}/1x1", x, outer, (1, 1))
        b = self.conv(f"{block}/7x7_reduce", x, inner, (1, 1))
        b = self.conv(f"{block}/7x7_1x7", b, inner, (1, 7))
        b = self.conv(f"{block}/7x7_7x1", b, outer, (7, 1))
        c = self.conv(f"{block}/double_reduce", x, inner, (1, 1))
        c = self.conv(f"{block}/double_7x1_1", c, inner, (7, 1))
        c = self.conv(f"{block}/double_1x7_1", c, inner, (1, 7))
        c = self.conv(f"{block}/double_7x1_2", c, inner, (7, 1))
        c = self.conv(f"{block}/double_1x7_2", c, outer, (1, 7))
        d = self.pool(f"{block}/pool", x, "average")
        d = self.conv(f"{block}/pool_1x1", d, outer, (1, 1))
        return self.concat(block, a, b, c, d)

    def reduce_7x7(self, block: str, x: str, inner: int, single: int) -> str:
        """Halves the extent by a 3x3 branch, a 7x7-3x3 branch and a max pool (mixed8)."""
        a = self.conv(f"{block}/3x3_reduce", x, inner, (1, 1))
        a = self.conv(f"{block}/3x3", a, single, (3, 3), stride=2, same=False)
        b = self.conv(f"{block}/7x7_reduce", x, inner, (1, 1))
        b = self.conv(f"{block}/7x7_1x7", b, inner, (1, 7))
        b = self.conv(f"{block}/7x7_7x1", b, inner, (7, 1))
        b = self.conv(f"{block}/7x7_3x3", b, inner, (3, 3), stride=2, same=False)
        c = self.pool(f"{block}/pool", x, "max")
        return self.concat(block, a, b, c)

    def block_fan(self, block: str, x: str, one: int, fan: int, double: int, projection: int) -> str:
        """Branches that fan out into 1x3 and 3x1 at their ends (mixed9 and mixed10)."""
        a = self.conv(f"{block}/1x1", x, one, (1, 1))
        b = self.conv(f"{block}/3x3_reduce", x, fan, (1, 1))
        b1 = self.conv(f"{block}/3x3_1x3", b, fan, (1, 3))
        b2 = self.conv(f"{block}/3x3_3x1", b, fan, (3, 1))
        c = self.conv(f"{block}/double_reduce", x, double, (1, 1))
        c = self.conv(f"{block}/double_3x3", c, fan, (3, 3))
        c1 = self.conv(f"{block}/double_1x3", c, fan, (1, 3))
        c2 = self.conv(f"{block}/double_3x1", c, fan, (3, 1))
        d = self.pool(f"{block}/pool", x, "average")
        d = self.conv(f"{block}/pool_1x1", d, projection, (1, 1))
        return self.concat(block, a, b1, b2, c1, c2, d)


def inception_v3() -> Architecture:
    """Inception v3: 94 convolutions, 2048 features of 8x8 at 299 pixels."""
    net = Architecture(size=299)
    x = net.conv("stem/conv1", "input", 32, (3, 3), stride=2, same=False)
    x = net.conv("stem/conv2", x, 32, (3, 3), same=False)
    x = net.conv("stem/conv3", x, 64, (3, 3))
    x = net.pool("stem/pool1", x, "max")
    x = net.conv("stem/conv4", x, 80, (1, 1), same=False)
    x = net.conv("stem/conv5", x, 192, (3, 3), same=False)
    x = net.pool("stem/pool2", x, "max")
    for block, projection in (("mixed0", 32), ("mixed1", 64), ("mixed2", 64)):
        x = net.block_5x5(block, x, 64, (48, 64), (64, 96), projection)
    x = net.reduce_3x3("mixed3", x, 384, (64, 96))
    for block, inner in (("mixed4", 128), ("mixed5", 160), ("mixed6", 160), ("mixed7", 192)):
        x = net.block_7x7(block, x, inner, 192)
    x = net.reduce_7x7("mixed8", x, 192, 320)
    for block in ("mixed9", "mixed10"):
        x = net.block_fan(block, x, 320, 384, 448, 192)
    return net


def tiny() -> Architecture:
    """Every kind of operation of Inception v3 once or twice, at 39 pixels and few channels, for fast engine tests."""
    net = Architecture(size=39)
    x = net.conv("stem/conv1", "input", 8, (3, 3), stride=2, same=False)
    x = net.conv("stem/conv2", x, 8, (3, 3), same=False)
    x = net.conv("stem/conv3", x, 16, (3, 3))
    x = net.pool("stem/pool1", x, "max")
    x = net.conv("stem/conv4", x, 20, (1, 1), same=False)
    x = net.block_5x5("mixed0", x, 8, (12, 8), (8, 12), 4)
    x = net.block_7x7("mixed4", x, 8, 12)
    x = net.reduce_3x3("mixed3", x, 12, (8, 12))
    x = net.block_fan("mixed9", x, 8, 12, 16, 12)
    return net
