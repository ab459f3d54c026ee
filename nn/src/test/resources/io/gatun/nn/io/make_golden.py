"""Writes golden.safetensors with Python's safetensors, and checks a file written by Java.

usage: make_golden.py write FILE     (made with safetensors 0.8.0 and torch 2.13)
       make_golden.py check FILE     (exit status 0 when FILE holds what SafetensorsTest.sample() says)
"""
import sys

try:
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file
except ImportError as absent:
    print(absent)
    sys.exit(42)  # the test skips

EXPECTED = {
    "conv.weight": torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) / 8 - 1,
    "steps": torch.tensor([-1, 2**40], dtype=torch.int64),
    "ids": torch.tensor([7, -7, 2**31 - 1], dtype=torch.int32),
    "pixels": torch.tensor([0, 128, 255], dtype=torch.uint8),
    "wide": torch.tensor([0.1, -1e300], dtype=torch.float64),
    "half": torch.tensor([1.5, -2.0], dtype=torch.float16),
    "brain": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    "flag": torch.tensor([True, False], dtype=torch.bool),
    "scalar": torch.tensor(3.25),
    "empty": torch.zeros(0, 5),
}
METADATA = {"epoch": "3", "note": 'quote " and ünïcode'}

if sys.argv[1] == "write":
    save_file(EXPECTED, sys.argv[2], METADATA)
else:
    with safe_open(sys.argv[2], "pt") as file:
        assert file.metadata() == METADATA, file.metadata()
        assert set(file.keys()) == set(EXPECTED), file.keys()
        for name, tensor in EXPECTED.items():
            found = file.get_tensor(name)
            assert found.dtype == tensor.dtype and found.shape == tensor.shape and torch.equal(found, tensor), name
