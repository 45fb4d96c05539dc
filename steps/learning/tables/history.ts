/** Of a model: how its training went, an epoch a line; what is not known is empty. */
export const historyFile = "history.csv";

export const historyColumns = ["epoch", "loss", "accuracy", "validationLoss", "validationAccuracy"] as const;
