/**
 * The host's agent as a program of its own. It is built into one file that needs Node alone
 * (scripts/bundle.mjs), which a gateway hands out to whoever becomes a host (dashboard/agent-routes.ts).
 */
import { runProgram } from "../../platform/terminal/run-program.ts"
import { agentCommand } from "./agent-command.ts"

runProgram(
  {
    fullName: "evenkeel-agent",
    meaning: "Makes this machine a host of a market.",
    command: agentCommand,
  },
  // Written in when the file is built: it lies in no package that it could ask.
  process.env["EVENKEEL_AGENT_VERSION"] ?? "unknown",
)
