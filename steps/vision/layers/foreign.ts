/** Whether a class is somebody's own, even if it is called like one of Keras': `My>Conv2D`, or from a module of theirs. */
export function isForeign(module: string): boolean {
  return module.includes(">") || !/^($|keras\b|tf_keras\b|tensorflow\b|builtins$)/.test(module);
}
