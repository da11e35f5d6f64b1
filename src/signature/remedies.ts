/**
 * How to get at the bytes of a request as they came, where people work.
 *
 * @module
 */

/** Omitted if the framework is known and has its own remedy. */
export const RAW_PLACES =
  ' (Express: express.raw({ type: "application/json" }); Flask: request.get_data(); Django: request.body; FastAPI: await request.body(); Rails: request.raw_post; Rack: env["rack.input"].read; Laravel: $request->getContent(); PHP: file_get_contents("php://input"); Go: io.ReadAll(r.Body) before decoding; Spring: @RequestBody byte[]; axum: the Bytes extractor; ASP.NET Core: Request.Body before model binding)';

export const RAW = `Hash the bytes of the request as they came, before anything parses them${RAW_PLACES}.`;
