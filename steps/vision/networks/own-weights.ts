/** Of weights in a file of their own that are given for an ONNX network. */
export const ownWeights = "an ONNX network brings its own weights: leave the input `weights` out";
