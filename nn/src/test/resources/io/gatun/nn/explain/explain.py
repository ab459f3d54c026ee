"""Saliency and Grad-CAM of a small net in PyTorch: python explain.py FOLDER (made with torch 2.13)"""
import sys

import torch
from safetensors.torch import save_file

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
conv1 = torch.nn.Conv2d(2, 3, 3, padding=1)
conv2 = torch.nn.Conv2d(3, 4, 3, stride=2, padding=1)
fc = torch.nn.Linear(4, 3)
for layer in (conv1, conv2, fc):
    for parameter in layer.parameters():
        parameter.data = (2 * parameter.data).float().double()
images = torch.randn(2, 2, 6, 8).float().double().requires_grad_()
planes = torch.relu(conv2(torch.relu(conv1(images))))
planes.retain_grad()
logits = fc(planes.mean((2, 3)))
classes = torch.tensor([2, 0])
logits.gather(1, classes[:, None]).sum().backward()
alpha = planes.grad.mean((2, 3), keepdim=True)
cam = torch.relu((alpha * planes).sum(1))
large = torch.nn.functional.interpolate(cam[:, None], size=(6, 8), mode="bilinear", align_corners=False)[:, 0]
state = {"0.weight": conv1.weight, "0.bias": conv1.bias, "2.weight": conv2.weight, "2.bias": conv2.bias}
state |= {"5.weight": fc.weight, "5.bias": fc.bias}
save_file({k: v.detach().float().contiguous() for k, v in state.items()}, sys.argv[1] + "/explain_net.safetensors")
numbers = {
    "images": images.permute(0, 2, 3, 1),
    "saliency": images.grad.abs().permute(0, 2, 3, 1),
    "cam": cam,
    "large": large,
    "logits": logits,
}
numbers = {k: v.detach().float().contiguous() for k, v in numbers.items()}
save_file(numbers | {"classes": classes.int()}, sys.argv[1] + "/explain.safetensors")
