/** OpenAI's routes of files: what batches are made of, and what they leave. */
import { Readable } from "node:stream"
import type { FastifyInstance } from "fastify"
import type { LiveServices } from "../directory/services.ts"
import { badRequest } from "../http/http-error.ts"
import { routeSchema } from "../http/route-schema.ts"
import { runEffect } from "../http/run-effect.ts"
import { callerOf, pageAfter } from "./caller.ts"
import type { Files } from "./files.ts"
import { fileView } from "./files.ts"
import * as Protocol from "./protocol.ts"

const multipart = "multipart/form-data"
/** What a form takes beside its file. */
const formBytes = 16_384
const longestName = 255

export const fileRoutes = (app: FastifyInstance, services: LiveServices, files: Files): void => {
  const { config, driver } = services
  app.addContentTypeParser(
    multipart,
    { parseAs: "buffer", bodyLimit: config.batches.fileBytes + formBytes },
    (_request, body, done) => done(null, body),
  )
  app.post(
    "/v1/files",
    {
      bodyLimit: config.batches.fileBytes + formBytes,
      schema: routeSchema({
        tag: "Calls",
        summary: "Bring a file for a batch: one request a line, as OpenAI has it",
        keys: ["account"],
        stream: { type: multipart, meaning: "`file`, and `purpose`: batch" },
        answers: { 200: Protocol.FileView },
      }),
      onRequest: async (request) => void callerOf(services, request),
    },
    async (request) => {
      const { account } = callerOf(services, request)
      const { name, bytes } = await readForm(request.headers["content-type"], request.body)
      const file = files.add(account, name, bytes)
      await driver.durable()
      return fileView(file)
    },
  )
  app.get<{ Querystring: Protocol.FileQuery }>(
    "/v1/files",
    {
      schema: routeSchema({
        tag: "Calls",
        summary: "One's own files",
        keys: ["account"],
        query: Protocol.FileQuery,
        answers: { 200: Protocol.FilePage },
      }),
    },
    async (request) => {
      const { account } = callerOf(services, request)
      const { purpose, limit, order = "desc", after } = request.query
      const all = files
        .of(account)
        .filter((file) => purpose === undefined || file.purpose === purpose)
      const count = Math.min(Protocol.mostFiles, Number(limit ?? Protocol.mostFiles))
      const { shown, hasMore } = pageAfter(order === "asc" ? all : all.toReversed(), after, count)
      return {
        object: "list",
        data: shown.map(fileView),
        first_id: shown.at(0)?.publicId ?? null,
        last_id: shown.at(-1)?.publicId ?? null,
        has_more: hasMore,
      }
    },
  )
  app.get<{ Params: Protocol.FilePath }>(
    "/v1/files/:id",
    {
      schema: routeSchema({
        tag: "Calls",
        summary: "A file: its name and size",
        keys: ["account"],
        params: Protocol.FilePath,
        answers: { 200: Protocol.FileView },
        errors: [404],
      }),
    },
    async (request) =>
      fileView(files.named(callerOf(services, request).account, request.params.id)),
  )
  app.get<{ Params: Protocol.FilePath }>(
    "/v1/files/:id/content",
    {
      schema: routeSchema({
        tag: "Calls",
        summary: "What is in a file",
        keys: ["account"],
        params: Protocol.FilePath,
        answer: "The bytes of the file",
        errors: [404],
      }),
    },
    async (request, reply) => {
      const file = files.named(callerOf(services, request).account, request.params.id)
      // What a batch has just left may still be on its way to where it is read from.
      await driver.durable()
      const parts = async function* () {
        for (let part = 0; part < file.parts; part++) yield await runEffect(files.part(file, part))
      }
      return reply
        .header("content-type", "application/octet-stream")
        .header("content-length", file.bytes)
        .header("cache-control", "no-store")
        .send(Readable.from(parts(), { objectMode: false }))
    },
  )
  app.delete<{ Params: Protocol.FilePath }>(
    "/v1/files/:id",
    {
      schema: routeSchema({
        tag: "Calls",
        summary: "Delete a file; a batch that was made of it goes on",
        keys: ["account"],
        params: Protocol.FilePath,
        answers: { 200: Protocol.DeletedFile },
        errors: [404],
      }),
    },
    async (request) => {
      const file = files.named(callerOf(services, request).account, request.params.id)
      files.remove(file)
      await driver.durable()
      return { id: file.publicId, object: "file", deleted: true }
    },
  )
}

/** The file of a form, and what its sender calls it. */
const readForm = async (
  type: string | undefined,
  body: unknown,
): Promise<{ readonly name: string; readonly bytes: Uint8Array }> => {
  if (type?.startsWith(multipart) !== true || !Buffer.isBuffer(body))
    throw badRequest(`A file comes as ${multipart}, with the fields purpose and file`)
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } })
    .formData()
    .catch(() => {
      throw badRequest(`The body is no valid ${multipart}`)
    })
  if (form.get("purpose") !== "batch") throw badRequest("`purpose`: must be batch", "purpose")
  const file = form.get("file")
  if (file === null || typeof file === "string")
    throw badRequest("`file`: must be a file with a name", "file")
  const name = file.name
    .toWellFormed()
    .replace(/\p{Cc}/gu, "")
    .slice(0, longestName)
  return { name: name === "" ? "file" : name, bytes: new Uint8Array(await file.arrayBuffer()) }
}
