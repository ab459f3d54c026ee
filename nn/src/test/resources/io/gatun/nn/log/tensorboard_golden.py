"""Writes scalar.golden.txt: the bytes, in hex, of an event file with one scalar, by TensorBoard's own messages and CRCs."""

import io
import pathlib

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

out = io.BytesIO()
writer = RecordWriter(out)
writer.write(Event(wall_time=1_700_000_000.5, file_version="brain.Event:2").SerializeToString())
summary = Summary(value=[Summary.Value(tag="loss", simple_value=0.25)])
writer.write(Event(wall_time=1_700_000_000.5, step=300, summary=summary).SerializeToString())
(pathlib.Path(__file__).parent / "scalar.golden.txt").write_text(out.getvalue().hex() + "\n")
