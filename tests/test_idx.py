"""The IDX reader: what it reads, and that nothing but ValueError gets out."""

from __future__ import annotations

import gzip
import os
import random
import struct
import time
import tracemalloc

import numpy as np
import pytest

from nnlit.idx import MOST_BYTES, read_idx


def idx(shape, content, kind=8):
    return struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape) + bytes(content)


@pytest.fixture
def read(tmp_path):
    def from_bytes(content):
        path = tmp_path / "file"
        path.write_bytes(content)
        return read_idx(path)

    return from_bytes


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 2, 3), (1, 1, 2, 3), (0, 3)])
def test_an_array_comes_back_as_it_was_written(read, pack, shape):
    count = int(np.prod(shape))
    array = read(pack(idx(shape, range(count))))
    assert array.dtype == np.uint8
    assert array.shape == shape
    assert array.ravel().tolist() == list(range(count))


WHOLE = gzip.compress(idx((2, 3), range(6)), mtime=0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "^not an IDX file: shorter than its head$"),
        (b"\0\0\10", "^not an IDX file: shorter than its head$"),
        (b"\1" + idx((1,), [1])[1:], "^not an IDX file of bytes: it starts with b"),
        (idx((1,), [1], kind=0x0D), "^not an IDX file of bytes"),
        (idx((), []), "^rank must be 1 to 4 and its sizes there: "),
        (idx((1,) * 5, [1]), "^rank must be 1 to 4 and its sizes there: "),
        (idx((2, 3), range(6))[:10], "rank must be 1 to 4 and its sizes there"),
        (idx((2, 3), range(5)), r"^shape \(2, 3\) needs 6 bytes, the file has only 5$"),
        (idx((2, 3), range(7)), r"^shape \(2, 3\) needs 6 bytes, the file has more than 6$"),
        (idx((2**31, 2**31), [1]), "is more than 268435456 bytes"),
        (WHOLE[:-9], "^not a whole gzip file: "),
        (WHOLE[:3] + b"\xff" + WHOLE[4:], "^not a whole gzip file: "),
        (WHOLE[:-8] + b"\0" * 8, "not a whole gzip file: CRC"),
        (b"\x1f\x8b\x07" + WHOLE[3:], "^not a whole gzip file: "),
    ],
)
def test_anything_else_is_refused_with_what_is_wrong(read, content, said):
    with pytest.raises(ValueError, match=said):
        read(content)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_size_that_the_file_does_not_fill_takes_no_memory(read, pack):
    content = pack(idx((MOST_BYTES,), b"x" * 1000))
    tracemalloc.start()
    with pytest.raises(ValueError, match="the file has only 1000"):
        read(content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**23


def test_a_bomb_is_unpacked_no_further_than_its_shape(read):
    bomb = gzip.compress(idx((10,), bytes(50_000_000)))
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 10"):
        read(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20


@pytest.mark.parametrize("rank", [5, 200, 255])
def test_a_bomb_of_many_sizes_is_not_unpacked_for_them(read, rank):
    bomb = gzip.compress(bytes([0, 0, 8, rank]) + bytes(8_000_000))
    tracemalloc.start()
    with pytest.raises(ValueError, match="rank must be 1 to 4"):
        read(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20


@pytest.mark.parametrize("count", [2**20 - 1, 2**20, 2**20 + 5])
def test_a_file_of_several_blocks_is_read_to_its_last_byte_and_no_further(read, count):
    content = bytes(range(256)) * 4097
    assert read(idx((count,), content[:count])).tobytes() == content[:count]
    with pytest.raises(ValueError, match=f"the file has more than {count}$"):
        read(idx((count,), content[: count + 1]))


def mutated(content, rng):
    """The content with a few bytes changed, cut out, doubled or put in."""
    content = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        match rng.randrange(5):
            case 0:
                content[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del content[at : at + rng.randint(1, 8)]
            case 2:
                content[at:at] = rng.randbytes(rng.randint(1, 8))
            case 3:
                content[at:at] = content[at : at + 8]
            case 4:
                del content[at:]
    return bytes(content)


def test_a_fuzzer_gets_nothing_but_value_errors_out(read):
    """A thousand files and two seconds at least; NNLIT_FUZZ_SECONDS=60 for a minute."""
    rng = random.Random(0)
    plain = [idx((2, 3), range(6)), idx((3,), range(3)), idx((1, 2, 2), range(4))]
    end = time.monotonic() + float(os.environ.get("NNLIT_FUZZ_SECONDS", "2"))
    refused = arrays = 0
    while refused + arrays < 1000 or time.monotonic() < end:
        content = rng.choice(plain)
        match rng.randrange(3):
            case 0:
                content = mutated(content, rng)
            case 1:
                content = mutated(gzip.compress(content, mtime=0), rng)
            case 2:
                content = gzip.compress(mutated(content, rng), mtime=0)
        try:
            arrays += read(content).dtype == np.uint8
        except ValueError:
            refused += 1
    assert refused > 100
    assert arrays > 10
