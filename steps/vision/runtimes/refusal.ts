/** Why a runtime does not take a model, in one sentence with the operator's name, from what it says itself. */
export function refusalOf({ message }: Error): string {
  return message;
}
