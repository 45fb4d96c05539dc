/** What TensorFlow is asked in vain. */
export const noOnnx = "an ONNX network runs on onnxruntime and openvino, not on tensorflow";
