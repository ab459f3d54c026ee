"""Golden numbers of recurrent layers: torch.nn.RNN, LSTM and GRU in float64 on inputs rounded to float32.

One file a cell: layers 1 to 3, one and both directions, from zeros and from given states, whole and ragged; without biases;
and truncated back-propagation, the states detached every two steps. Weights of fewer layers are the first of those of three.
Everything is [t, b, features], as it is in Gatun. Writes beside itself; run with torch and safetensors installed.
"""
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
T, B, INPUTS, HIDDEN = 5, 4, 2, 3
LENGTHS = [3, 5, 1, 3]
random = torch.Generator().manual_seed(20261121)


def numbers(*shape, scale=1.0):
    return (torch.randn(*shape, generator=random) * scale).double()


def flat(tensors):
    return torch.cat([t.reshape(-1) for t in tensors]).float()


class Cell:
    def __init__(self, name):
        self.name = name
        self.lstm = name == "lstm"
        self.gates = {"lstm": 4, "gru": 3}.get(name, 1)
        self.saved = {}
        self.src = numbers(T, B, INPUTS)
        self.weights = {}
        for d in (1, 2):
            rows = self.gates * HIDDEN
            self.weights[d] = [
                numbers(*shape, scale=0.6)
                for layer in range(3)
                for _ in range(d)
                for shape in ((rows, INPUTS if layer == 0 else HIDDEN * d), (rows, HIDDEN), (rows,), (rows,))
            ]
            self.saved[f"weights{d}"] = flat(self.weights[d])
        self.states = [numbers(6, B, HIDDEN) for _ in range(2)]
        self.outer = numbers(T, B, 2 * HIDDEN)
        self.outer_states = [numbers(6, B, HIDDEN) for _ in range(2)]
        for key, value in (
            ("src", self.src), ("h0", self.states[0]), ("c0", self.states[1]),
            ("outerOutput1", self.outer[..., :HIDDEN]), ("outerOutput2", self.outer),
            ("outerH", self.outer_states[0]), ("outerC", self.outer_states[1])):
            self.saved[key] = value.float().contiguous()
        self.saved["lengths"] = torch.tensor(LENGTHS, dtype=torch.int32)

    def net(self, layers, d, bias=True):
        options = dict(num_layers=layers, bidirectional=d == 2, bias=bias, dtype=torch.float64)
        if self.lstm:
            net = torch.nn.LSTM(INPUTS, HIDDEN, **options)
        elif self.name == "gru":
            net = torch.nn.GRU(INPUTS, HIDDEN, **options)
        else:
            net = torch.nn.RNN(INPUTS, HIDDEN, nonlinearity=self.name.split("_")[1], **options)
        given = self.weights[d] if bias else [w for w in self.weights[d] if w.dim() == 2]
        with torch.no_grad():
            for parameter, value in zip(net.parameters(), given):
                parameter.copy_(value)
        return net

    def loss(self, output, last, d):
        loss = (output * self.outer[: output.shape[0], :, : HIDDEN * d]).sum()
        for state, outer in zip(last if self.lstm else [last], self.outer_states):
            loss = loss + (state * outer[: state.shape[0]]).sum()
        return loss

    def case(self, name, layers, d, initial, ragged, bias=True):
        net = self.net(layers, d, bias)
        src = self.src.clone().requires_grad_()
        first = [s[: layers * d].clone().requires_grad_() for s in self.states] if initial else None
        given = None if first is None else (tuple(first) if self.lstm else first[0])
        if ragged:
            packed = torch.nn.utils.rnn.pack_padded_sequence(src, torch.tensor(LENGTHS), enforce_sorted=False)
            output, last = net(packed, given)
            output, _ = torch.nn.utils.rnn.pad_packed_sequence(output, total_length=T)
        else:
            output, last = net(src, given)
        self.loss(output, last, d).backward()
        h, c = last if self.lstm else (last, None)
        self.put(name, output=output, h=h, diffSrc=src.grad, c=c)
        self.saved[f"{name}/diffWeights"] = flat([p.grad for p in net.parameters()])
        if initial:
            self.put(name, diffH0=first[0].grad, diffC0=first[1].grad if self.lstm else None)

    def put(self, name, **tensors):
        for key, value in tensors.items():
            if value is not None:
                self.saved[f"{name}/{key}"] = value.detach().float().contiguous()

    def truncated(self, every):
        net = self.net(2, 1)
        src = self.src.clone().requires_grad_()
        state, outputs = None, []
        for start in range(0, T, every):
            output, state = net(src[start : start + every], state)
            outputs.append(output)
            if start + every < T:
                state = tuple(s.detach() for s in state) if self.lstm else state.detach()
        self.loss(torch.cat(outputs), state, 1).backward()
        name = f"truncated{every}"
        self.put(name, output=torch.cat(outputs), diffSrc=src.grad)
        self.saved[f"{name}/diffWeights"] = flat([p.grad for p in net.parameters()])

    def save(self):
        for layers in (1, 2, 3):
            for d in (1, 2):
                for initial in (False, True):
                    for ragged in (False, True):
                        name = f"layers{layers} {'both' if d == 2 else 'one'}"
                        name += (" initial" if initial else " zeros") + (" ragged" if ragged else " whole")
                        self.case(name, layers, d, initial, ragged)
        self.case("nobias", 2, 2, True, True, bias=False)
        self.truncated(2)
        self.truncated(T)
        path = HERE / f"{self.name}.safetensors"
        save_file(self.saved, path)
        print(path.name, path.stat().st_size)


for each in ("rnn_tanh", "rnn_relu", "lstm", "gru"):
    Cell(each).save()
