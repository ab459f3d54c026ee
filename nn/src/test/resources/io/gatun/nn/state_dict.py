"""A small net of PyTorch, its weights and what it says: python state_dict.py write FOLDER (made with torch 2.13)

state_dict.py check FILE: loads a file that Java wrote into the same net and compares all numbers (exit status 0 when
they are those of net(), trained statistics included).
"""
import sys

try:
    import torch
    from safetensors.torch import load_file, save_file
except ImportError as absent:
    print(absent)
    sys.exit(42)  # the test skips


def net():
    torch.manual_seed(7)
    model = torch.nn.Sequential()
    model.add_module("conv", torch.nn.Conv2d(3, 4, 3, padding=1, groups=1))
    model.add_module("bn", torch.nn.BatchNorm2d(4))
    model.add_module("act", torch.nn.ReLU())
    model.add_module("pool", torch.nn.MaxPool2d(2))
    model.add_module("flat", torch.nn.Flatten())
    model.add_module("fc", torch.nn.Linear(4 * 2 * 3, 5))
    for _ in range(3):
        model(torch.randn(8, 3, 4, 6))
    return model.eval()


if sys.argv[1] == "write":
    folder = sys.argv[2]
    model = net()
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, folder + "/state_dict.safetensors")
    images = torch.randn(2, 3, 4, 6)
    with torch.no_grad():
        logits = model(images)
    save_file(
        {"images": images.permute(0, 2, 3, 1).contiguous(), "logits": logits},
        folder + "/state_dict_run.safetensors",
    )
else:
    model = net()
    found = load_file(sys.argv[2])
    expected = model.state_dict()
    assert set(found) == set(expected), set(found) ^ set(expected)
    model.load_state_dict(found)
    for name, tensor in net().state_dict().items():
        assert torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype, name
