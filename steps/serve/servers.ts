import type { ModelServer, ServerRequest } from "../../engine/serving.ts";
import { open as openPredictor } from "../predict/predictors.ts";
import { accessOf, bracketed, isLoopback } from "./access.ts";
import { newApp } from "./app.ts";
import { refuseLength } from "./body.ts";
import { openDesk } from "./desk.ts";
import { listen } from "./listen.ts";
import { newPage } from "./page/page.ts";

/** See `Servers`. */
export async function open(request: ServerRequest): Promise<ModelServer> {
  const { host, port, limits, version, note, warn } = request;
  const access = accessOf(request);
  const isAlone = isLoopback(host);
  // Others cannot call it by the address of all its interfaces.
  const called = isAlone ? bracketed(host) : ([...access.hosts][0] as string);
  if (!isAlone) note("what clients send, the token too, is not encrypted on its way.");
  const pixels = { most: limits.maxPixels, raisedBy: "--max-pixels" };
  const predictor = await openPredictor({ ...request, keep: "nothing", pixels });
  const { model } = predictor;
  let isStopping = false;
  try {
    const app = newApp({
      ...{ model, limits, access, version, warn },
      desk: openDesk({ predictor, warn }),
      page: newPage({ isGuarded: access.isGuarded, limits }),
      isStopping: () => isStopping,
    });
    const listening = await listen({
      ...{ host, port, timeout: limits.timeout },
      wants: (incoming) => refuseLength(incoming, limits) === undefined,
      fetch: (asked, connection) => app.fetch(asked, connection),
    });
    return {
      url: `http://${called}:${listening.port}/`,
      model,
      async close() {
        isStopping = true;
        await listening.close();
        // Nothing is kept: that the process ends is all that is wanted of it.
        await predictor.close().catch(() => predictor.kill());
      },
      kill() {
        listening.kill();
        predictor.kill();
      },
    };
  } catch (error) {
    predictor.kill();
    throw error;
  }
}
