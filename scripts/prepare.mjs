/**
 * npm's `prepare` step: builds dist/ after `npm ci` and before packing.
 *
 * `npx evenkeel` inside a checkout also runs `prepare`: npm 11 on the first call, npm 10 on every
 * call. A command that waits for the compiler is a nuisance, so a build that exists is kept there;
 * `npm run build` renews it.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"

const calledByNpx = process.env.npm_command === "exec"
if (!calledByNpx || !existsSync("dist/evenkeel.js")) {
  const { status } = spawnSync("npm", ["run", "build"], { stdio: "inherit", shell: true })
  process.exitCode = status ?? 1
}
