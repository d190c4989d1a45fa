"""Metadata that MediaPipe's image classifier asks of a .tflite: how bytes of a picture become numbers."""

import importlib.util
from types import ModuleType

import flatbuffers
from tensorflow.lite.python import schema_py_generated as tflite


def _schema() -> ModuleType:
    """The schema alone: MediaPipe's package cannot be imported without OpenCV."""
    (root,) = importlib.util.find_spec("mediapipe").submodule_search_locations
    path = f"{root}/tasks/metadata/metadata_schema_py_generated.py"
    spec = importlib.util.spec_from_file_location("metadata_schema", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def added(model: bytes, mean: list[float], std: list[float]) -> bytes:
    """The model with metadata; mean and std are those of a manifest, for channels between 0 and 1."""
    schema = _schema()
    options = schema.NormalizationOptionsT()
    options.mean, options.std = [255 * value for value in mean], [255 * value for value in std]
    normalisation = schema.ProcessUnitT()
    normalisation.optionsType = schema.ProcessUnitOptions.NormalizationOptions
    normalisation.options = options
    colours = schema.ImagePropertiesT()
    colours.colorSpace = schema.ColorSpaceType.RGB
    content = schema.ContentT()
    content.contentPropertiesType = schema.ContentProperties.ImageProperties
    content.contentProperties = colours
    given, wanted = schema.TensorMetadataT(), schema.TensorMetadataT()
    given.name, given.content, given.processUnits = "image", content, [normalisation]
    wanted.name = "logits"
    graph = schema.SubGraphMetadataT()
    graph.inputTensorMetadata, graph.outputTensorMetadata = [given], [wanted]
    whole = schema.ModelMetadataT()
    whole.name, whole.subgraphMetadata = "Inception v3", [graph]
    builder = flatbuffers.Builder(0)
    builder.Finish(whole.Pack(builder), b"M001")
    described = tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(model, 0))
    buffer, entry = tflite.BufferT(), tflite.MetadataT()
    buffer.data = bytes(builder.Output())
    entry.name, entry.buffer = "TFLITE_METADATA", len(described.buffers)
    described.buffers.append(buffer)
    described.metadata = [*(described.metadata or []), entry]
    out = flatbuffers.Builder(len(model) + len(buffer.data))
    out.Finish(described.Pack(out), b"TFL3")
    return bytes(out.Output())
