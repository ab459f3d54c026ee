"""Reads the folder of a run of gatun train with TensorBoard's own code and says whether all of it is there."""

import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

folder, epochs = sys.argv[1], int(sys.argv[2])
events = EventAccumulator(folder, size_guidance={"scalars": 0, "histograms": 0, "images": 0, "tensors": 0})
events.Reload()
tags = events.Tags()

for tag in ("epoch/train_loss", "test/loss", "test/accuracy", "test/penalty"):
    assert len(events.Scalars(tag)) == epochs, tag
weights = events.Histograms("parameters/conv1.weight")
assert len(weights) == epochs and weights[0].histogram_value.num > 0, tags["histograms"]
pictures = [tag for tag in tags["images"] if tag.startswith("samples/")]
assert pictures and events.Images(pictures[0])[0].encoded_image_string[:4] == b"\x89PNG", tags["images"]
names = [node.name for node in events.Graph().node]
assert names[0] == "input" and "conv1" in names, names
content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
settings = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
assert settings["patience"].number_value == 2 and settings["model"].string_value == "lenet5", settings
print("read everything")
