import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/build.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Native runtimes use all cores themselves: files one after the other.
    fileParallelism: false,
    pool: "forks",
  },
});
