"""Reads the folder that TensorBoardTest wrote with TensorBoard's own code and says whether all of it is there."""

import sys

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from google.protobuf import text_format

folder = sys.argv[1]
events = EventAccumulator(folder, size_guidance={"scalars": 0, "histograms": 0, "images": 0, "tensors": 0})
events.Reload()

loss = events.Scalars("train/loss")
assert [(e.step, e.value) for e in loss] == [(1, 0.25), (300, -1.5)], loss
assert loss[0].wall_time == 1_700_000_000.5

histogram = events.Histograms("weights")[0]
value = histogram.histogram_value
assert histogram.step == 7 and (value.min, value.max, value.num, value.sum) == (-1, 3, 4, 3), value
assert np.sum(value.bucket) == 4 and len(value.bucket) == len(value.bucket_limit)

image = events.Images("picture")[0]
assert (image.width, image.height) == (2, 1) and image.encoded_image_string[:4] == b"\x89PNG"

text = events.Tensors("remark/text_summary")[0]
assert text.tensor_proto.string_val[0].decode() == "first **run**, größer"
assert events.SummaryMetadata("remark/text_summary").plugin_data.plugin_name == "text"


def hparams(tag):
    data = events.SummaryMetadata("_hparams_/" + tag).plugin_data
    assert data.plugin_name == "hparams"
    return plugin_data_pb2.HParamsPluginData.FromString(data.content)


start = hparams("session_start_info").session_start_info.hparams
assert start["lr"].number_value == 0.1 and start["batch"].number_value == 32
assert start["nesterov"].bool_value is True and start["model"].string_value == "resnet20"
experiment = hparams("experiment").experiment
assert [i.name for i in experiment.hparam_infos] == ["lr", "batch", "nesterov", "model"]
assert [i.type for i in experiment.hparam_infos] == [3, 3, 2, 1]
assert experiment.metric_infos[0].name.tag == "test/accuracy"
assert hparams("session_end_info").session_end_info.status == 1

graph = events.Graph()
assert [n.name for n in graph.node] == ["input", "0", "1", "2/0", "3"], graph
assert list(graph.node[3].input) == ["1"]
assert [d.size for d in graph.node[2].attr["_output_shapes"].list.shape[0].dim] == [1, 3]

config = ProjectorConfig()
with open(folder + "/projector_config.pbtxt") as file:
    text_format.Parse(file.read(), config)
assert config.embeddings[0].tensor_name == "letters"
vectors = np.loadtxt(folder + "/" + config.embeddings[0].tensor_path, delimiter="\t")
assert vectors.tolist() == [[1, 2], [3, 4.5]]
with open(folder + "/" + config.embeddings[0].metadata_path) as file:
    assert file.read() == "a\nb c\n"
print("read everything")
