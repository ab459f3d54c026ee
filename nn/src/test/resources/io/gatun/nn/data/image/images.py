"""Golden numbers of resizing, resampling and colour changes, by PyTorch: writes images.safetensors beside this file.

torchvision is not needed: its tensor functions are a few lines each over torch, and are written out here from their
definitions (transforms/functional and _functional_tensor). Images are saved as [H, W, C].
"""

import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(11)
out = {}


def put(name, image):
    """[C, H, W] or [H, W, C] given as [1, C, H, W]."""
    out[name] = image[0].permute(1, 2, 0).to(torch.float32).contiguous()


def image(height, width, channels=3):
    # Smooth with some noise, as pictures are, with exact black, white and grey pixels in it.
    y, x = torch.meshgrid(torch.linspace(0, 3, height), torch.linspace(0, 5, width), indexing="ij")
    planes = [0.5 + 0.4 * torch.sin(x * (c + 1) + y) * torch.cos(y - c) for c in range(channels)]
    values = torch.stack(planes) + 0.1 * torch.randn(channels, height, width)
    values = values.clamp(0, 1)
    values[:, 0, 0] = 0
    values[:, 0, 1] = 1
    values[:, 1, 1] = 0.5
    return values[None].to(torch.float32)


# Resize: interpolate(antialias=True), which is torchvision's resize of a tensor.
for name, channels, source, target in [
    ("half", 3, (16, 20), (8, 10)),
    ("third", 1, (17, 23), (5, 8)),
    ("tenth", 3, (40, 31), (4, 3)),
    ("larger", 3, (7, 5), (13, 12)),
    ("mixed", 3, (9, 6), (5, 11)),
    ("one", 1, (6, 9), (1, 1)),
]:
    src = image(*source, channels)
    dst = F.interpolate(src.double(), size=target, mode="bilinear", align_corners=False, antialias=True)
    put(f"resize_{name}/src", src)
    put(f"resize_{name}/dst", dst)


# Affine: torchvision's _get_inverse_affine_matrix with the centre in the middle, affine_grid, grid_sample.
def inverse_matrix(angle, translate, scale, shear):
    rot = math.radians(angle)
    sx, sy = math.radians(shear), 0.0
    a = math.cos(rot - sy) / math.cos(sy)
    b = -math.cos(rot - sy) * math.tan(sx) / math.cos(sy) - math.sin(rot)
    c = math.sin(rot - sy) / math.cos(sy)
    d = -math.sin(rot - sy) * math.tan(sx) / math.cos(sy) + math.cos(rot)
    m = [v / scale for v in (d, -b, 0.0, -c, a, 0.0)]
    m[2] += m[0] * -translate[0] + m[1] * -translate[1]
    m[5] += m[3] * -translate[0] + m[4] * -translate[1]
    return m


def theta(matrix, height, width):
    """In pixels from the centre to the grid's -1 to 1."""
    a, b, c, d, e, f = matrix
    return torch.tensor([[[a, b * height / width, c * 2 / width], [d * width / height, e, f * 2 / height]]]).double()


def affine(src, matrix, mode):
    grid = F.affine_grid(theta(matrix, *src.shape[2:]), src.shape, align_corners=False)
    return F.grid_sample(src.double(), grid, mode="bilinear", padding_mode=mode, align_corners=False)


for name, channels, size, parameters in [
    ("rotate", 3, (12, 15), (20.0, (0, 0), 1.0, 0.0)),
    ("shift", 1, (11, 8), (0.0, (2.25, -1.5), 1.0, 0.0)),
    ("zoom", 3, (10, 10), (0.0, (0, 0), 1.3, 0.0)),
    ("shrink", 3, (9, 13), (0.0, (0, 0), 0.7, 0.0)),
    ("shear", 3, (12, 9), (0.0, (0, 0), 1.0, 15.0)),
    ("all", 3, (14, 11), (-33.0, (1.75, 2.5), 0.85, -12.0)),
]:
    src = image(*size, channels)
    matrix = inverse_matrix(*parameters)
    put(f"affine_{name}/src", src)
    angle, (tx, ty), scale, shear = parameters
    out[f"affine_{name}/parameters"] = torch.tensor([angle, tx, ty, scale, shear], dtype=torch.float32)
    put(f"affine_{name}/zeros", affine(src, matrix, "zeros"))
    put(f"affine_{name}/border", affine(src, matrix, "border"))

# Two in one: rotate, then shear and shift the result. In homogeneous coordinates the inverses multiply in that order.
first, second = inverse_matrix(25.0, (0, 0), 1.1, 0.0), inverse_matrix(0.0, (-2.0, 1.25), 1.0, 10.0)
as3 = lambda m: torch.tensor([m[:3], m[3:], [0.0, 0.0, 1.0]], dtype=torch.float64)
both = (as3(first) @ as3(second))[:2].flatten().tolist()
src = image(13, 13)
put("composed/src", src)
put("composed/dst", affine(src, both, "zeros"))


# Colour, by torchvision's _functional_tensor.
def blend(one, two, ratio):
    return (ratio * one + (1.0 - ratio) * two).clamp(0, 1)


def grey(img):
    r, g, b = img.unbind(dim=-3)
    return (0.2989 * r + 0.587 * g + 0.114 * b).unsqueeze(dim=-3)


def to_hsv(img):
    r, g, b = img.unbind(dim=-3)
    maxc, minc = torch.max(img, dim=-3).values, torch.min(img, dim=-3).values
    eqc = maxc == minc
    cr = maxc - minc
    ones = torch.ones_like(maxc)
    s = cr / torch.where(eqc, ones, maxc)
    divisor = torch.where(eqc, ones, cr)
    rc, gc, bc = (maxc - r) / divisor, (maxc - g) / divisor, (maxc - b) / divisor
    hr = (maxc == r) * (bc - gc)
    hg = ((maxc == g) & (maxc != r)) * (2.0 + rc - bc)
    hb = ((maxc != g) & (maxc != r)) * (4.0 + gc - rc)
    return torch.stack((torch.fmod((hr + hg + hb) / 6.0 + 1.0, 1.0), s, maxc), dim=-3)


def to_rgb(img):
    h, s, v = img.unbind(dim=-3)
    i = torch.floor(h * 6.0)
    f = h * 6.0 - i
    i = i.to(torch.int32) % 6
    p = (v * (1.0 - s)).clamp(0, 1)
    q = (v * (1.0 - s * f)).clamp(0, 1)
    t = (v * (1.0 - s * (1.0 - f))).clamp(0, 1)
    mask = i.unsqueeze(dim=-3) == torch.arange(6).view(-1, 1, 1)
    a = torch.stack(
        (torch.stack((v, q, p, p, t, v), -3), torch.stack((t, v, v, q, p, p), -3), torch.stack((p, p, t, v, v, q), -3)),
        dim=-4,
    )
    return torch.einsum("...ijk, ...xijk -> ...xjk", mask.to(img.dtype), a)


src = image(8, 9)
put("colour/src", src)
wide = src.double()
for factor in (0.0, 0.4, 1.7):
    put(f"colour/brightness_{factor}", blend(wide, torch.zeros_like(wide), factor))
    put(f"colour/contrast_{factor}", blend(wide, grey(wide).mean(dim=(-3, -2, -1), keepdim=True), factor))
    put(f"colour/saturation_{factor}", blend(wide, grey(wide), factor))
for turn in (-0.5, -0.1, 0.3):
    hsv = to_hsv(wide)
    h, s, v = hsv.unbind(dim=-3)
    put(f"colour/hue_{turn}", to_rgb(torch.stack(((h + turn) % 1.0, s, v), dim=-3)))
single = image(6, 7, 1)
put("grey/src", single)
put("grey/contrast_1.7", blend(single.double(), single.double().mean(), 1.7))


# Mixup and CutMix of a batch with the one before it: roll(1).
batch = torch.cat([image(5, 6) for _ in range(4)])
labels = torch.tensor([2, 0, 1, 2])
share = 0.3
mixed = batch.double().roll(1, 0) * (1 - share) + batch.double() * share
one_hot = F.one_hot(labels, 3).double()
out["mixup/images"] = batch.permute(0, 2, 3, 1).contiguous()
out["mixup/labels"] = labels.to(torch.int32)
out["mixup/mixed"] = mixed.permute(0, 2, 3, 1).to(torch.float32).contiguous()
out["mixup/soft"] = (one_hot.roll(1, 0) * (1 - share) + one_hot * share).to(torch.float32)

save_file(out, str(pathlib.Path(__file__).with_name("images.safetensors")))
