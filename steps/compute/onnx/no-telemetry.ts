// onnxruntime-node carries Microsoft's telemetry client, which writes an id of the
// device and a list of events below the user's cache directory. It asks this
// variable when its library is opened: import this file before the package.
process.env.ORT_DISABLE_TELEMETRY = "1";
