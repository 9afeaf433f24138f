/** Plugins whose hooks and decorators are the server's, not the plugin's alone: Fastify's own sign. */
import type { FastifyPluginAsync } from "fastify"

export const forWholeServer = (plugin: FastifyPluginAsync): FastifyPluginAsync =>
  Object.assign(plugin, { [Symbol.for("skip-override")]: true })
