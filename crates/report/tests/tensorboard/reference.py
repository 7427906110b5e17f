"""Writes reference.tfevents with TensorBoard's own messages and its own writer: the bytes that Slimgate must write for
the run that the test `an_event_file_is_the_reference_writers_byte_for_byte` describes.

    pip install tensorboard==2.21.0
    python crates/report/tests/tensorboard/reference.py
"""

from pathlib import Path

from google.protobuf import struct_pb2
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

START = 1_700_000_000.0
FILE = Path(__file__).with_name("reference.tfevents")


def plugin(tag, now, **data):
    content = plugin_data_pb2.HParamsPluginData(version=metadata.PLUGIN_DATA_VERSION, **data)
    value = Summary.Value(tag=tag, tensor=metadata.NULL_TENSOR)
    value.metadata.plugin_data.plugin_name = metadata.PLUGIN_NAME
    value.metadata.plugin_data.content = content.SerializeToString(deterministic=True)
    value.metadata.data_class = 2  # DATA_CLASS_TENSOR
    return Event(wall_time=now, summary=Summary(value=[value]))


def scalars(now, step, **values):
    values = [Summary.Value(tag=tag.replace("__", "/"), simple_value=value) for tag, value in values.items()]
    return Event(wall_time=now, step=step, summary=Summary(value=values))


start = plugin_data_pb2.SessionStartInfo(start_time_secs=START)
start.hparams["model.hidden"].CopyFrom(struct_pb2.Value(number_value=50))
start.hparams["model.variant"].CopyFrom(struct_pb2.Value(string_value="lstm"))
start.hparams["optim.learning_rate"].CopyFrom(struct_pb2.Value(number_value=0.003))
start.hparams["run.seed"].CopyFrom(struct_pb2.Value(number_value=1))
end = plugin_data_pb2.SessionEndInfo(status=api_pb2.Status.Value("STATUS_SUCCESS"), end_time_secs=START + 1.5)

with FILE.open("wb") as file:
    writer = RecordWriter(file)
    for event in [
        Event(wall_time=START, file_version="brain.Event:2"),
        plugin(metadata.SESSION_START_INFO_TAG, START, session_start_info=start),
        scalars(START + 1, 1, loss__train=0.5, accuracy__train=0.75, learning_rate=0.003),
        scalars(START + 1.5, 1, loss__validation=0.625, accuracy__validation=0.7),
        scalars(START + 1.5, 1, accuracy__test=0.6875, loss__test=0.65),
        plugin(metadata.SESSION_END_INFO_TAG, START + 1.5, session_end_info=end),
    ]:
        writer.write(event.SerializeToString(deterministic=True))

# And TensorBoard reads it.
read = EventAccumulator(str(FILE))
read.Reload()
assert sorted(read.Tags()["scalars"]) == sorted(
    ["accuracy/test", "accuracy/train", "accuracy/validation", "learning_rate", "loss/test", "loss/train", "loss/validation"]
)
assert read.Scalars("accuracy/validation")[0].step == 1
print(f"{FILE}: {FILE.stat().st_size} bytes")
