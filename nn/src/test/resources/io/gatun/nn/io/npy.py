"""Writes npy/*: what NpyTest reads. Each array is arange(24) - 5 (arange(24) where unsigned) as [2, 3, 4]."""

import os

import numpy as np

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npy")
os.makedirs(here, exist_ok=True)
signed = np.arange(24).reshape(2, 3, 4) - 5
counted = np.arange(24).reshape(2, 3, 4)


def save(name, array, version=(1, 0)):
    with open(os.path.join(here, name + ".npy"), "wb") as file:
        np.lib.format.write_array(file, array, version=version)


for order in "<>":
    for code in ("f2", "f4", "f8", "i2", "i4", "i8"):
        word = ("little" if order == "<" else "big") + "-" + code
        save(word, signed.astype(order + code))
    for code in ("u2", "u4", "u8"):
        save(("little" if order == "<" else "big") + "-" + code, counted.astype(order + code))
save("i1", signed.astype("i1"))
save("u1", counted.astype("u1"))
save("b1", counted % 3 == 0)
save("fortran-f4", np.asfortranarray(signed.astype("<f4")))
save("fortran-big-f8", np.asfortranarray(signed.astype(">f8")))
save("version2-i4", signed.astype("<i4"), (2, 0))
save("version3-f4", signed.astype("<f4"), (3, 0))
save("scalar-f4", np.array(2.5, "<f4"))
save("empty-f4", np.zeros((3, 0, 2), "<f4"))
save("vector-f8", np.array([0.1, -1e300, np.nan, np.inf, 2**24 + 1.0]))
save("large-u8", np.array([2**64 - 1, 2**63 + 2**39 + 1, 2**40 + 2**16 + 1], "<u8"))
arrays = {"x": signed.astype("<f4"), "nested/labels:0": np.arange(5, dtype="<i8"), "mask": counted % 2 == 0}
np.savez(os.path.join(here, "stored.npz"), **arrays)
np.savez_compressed(os.path.join(here, "deflated.npz"), **arrays)
