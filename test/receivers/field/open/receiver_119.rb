# A socket server, a thread for each connection.
require "socket"
require "json"
require "openssl"
require "sqlite3"
require "time"
require "uri"

PATH = "/webhooks/sendemall"
SECRET = ENV.fetch("SENDEMALL_SECRET")
KNOWN = /\A(email|campaign)\./

DB = SQLite3::Database.new(ENV.fetch("DATABASE"))
DB.busy_timeout = 5000
DB.execute_batch(<<~SQL)
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS effects_by_id ON effects (id);
  CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY, suppressed INTEGER NOT NULL DEFAULT 0, unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count INTEGER NOT NULL DEFAULT 0, sentiment TEXT, replied_at REAL NOT NULL DEFAULT 0);
SQL

# One connection to the database, for one thread at a time.
LOCK = Mutex.new
$crm_is_down = false

def update_lead(event)
  data = event["data"]
  email = data["lead_email"]
  return unless email.is_a?(String)

  DB.execute("INSERT OR IGNORE INTO leads (email) VALUES (?)", [email])
  case event["event"]
  when "email.bounced"
    DB.execute("UPDATE leads SET suppressed = 1 WHERE email = ?", [email]) if data["bounce_type"] == "hard"
  when "email.unsubscribed"
    DB.execute("UPDATE leads SET unsubscribed = 1 WHERE email = ?", [email])
    DB.execute("UPDATE leads SET suppressed = 1 WHERE email = ?", [email]) if data["suppressed_globally"] == true
  when "email.opened"
    count = data["open_count"].is_a?(Numeric) ? data["open_count"].to_i : 0
    DB.execute("UPDATE leads SET open_count = max(open_count, ?) WHERE email = ?", [count, email])
  when "email.replied"
    at = Time.iso8601(event["timestamp"]).to_f
    DB.execute(
      "UPDATE leads SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?",
      [data["reply_sentiment"]&.to_s, at, email, at]
    )
  end
end

# Does what the event asks for. Unknown types are acknowledged and ignored.
def apply(event)
  return unless KNOWN.match?(event["event"])
  raise "The CRM does not answer." if $crm_is_down

  DB.execute("INSERT INTO effects (id) VALUES (?)", [event["id"]])
  DB.execute("INSERT INTO totals VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1", [event["event"]])
  update_lead(event)
end

# The event's id and its effects are one transaction.
def handle(event)
  LOCK.synchronize do
    DB.transaction(:immediate) do
      DB.execute("INSERT OR IGNORE INTO events (id) VALUES (?)", [event["id"]])
      apply(event) if DB.changes == 1
    end
  end
end

def parse(body)
  text = body.dup.force_encoding(Encoding::UTF_8)
  return nil unless text.valid_encoding?

  event = JSON.parse(text)
  Time.iso8601(event["timestamp"])
  event if event["id"].is_a?(String) && event["event"].is_a?(String) && event["data"].is_a?(Hash)
rescue JSON::ParserError, ArgumentError, TypeError, NoMethodError
  nil
end

def signed?(body, given)
  expected = "sha256=#{OpenSSL::HMAC.hexdigest("SHA256", SECRET, body)}"
  given.bytesize == expected.bytesize && OpenSSL.fixed_length_secure_compare(expected, given)
end

Request = Struct.new(:verb, :path, :headers, :body)

def receive(request)
  return 404 unless request.path == PATH
  return 405 unless request.verb == "POST"
  return 401 unless signed?(request.body, request.headers["x-sendemall-signature"].to_s)

  event = parse(request.body)
  return 400 if event.nil?

  handle(event)
  200
rescue StandardError
  500
end

def total(name)
  DB.get_first_value("SELECT value FROM totals WHERE name = ?", [name]) || 0
end

def state_of(email)
  columns = "suppressed, unsubscribed, open_count, sentiment"
  row = DB.get_first_row("SELECT #{columns} FROM leads WHERE email = ?", [email])
  return nil if row.nil?

  sent = total("email.sent")
  rate = sent.zero? ? nil : [1, total("email.bounced").fdiv(sent)].min
  {
    suppressed: row[0] == 1, unsubscribed: row[1] == 1, open_count: row[2], sentiment: row[3],
    rates: { bounce_rate: rate }
  }
end

# Test hooks, on a port of their own.
def hook(request)
  _, kind, key = request.path.split("/", 3)
  key = URI::DEFAULT_PARSER.unescape(key.to_s).force_encoding(Encoding::UTF_8)
  case kind
  when "effects" then { count: DB.get_first_value("SELECT count(*) FROM effects WHERE id = ?", [key]) }
  when "leads" then state_of(key)
  when "fault"
    $crm_is_down = JSON.parse(request.body)["fail"]
    {}
  end
end

def read_body(socket, headers)
  return socket.read(headers["content-length"].to_i) unless headers["transfer-encoding"].to_s.downcase == "chunked"

  body = +""
  while (size = socket.gets.to_s.hex).positive?
    body << socket.read(size)
    socket.gets
  end
  socket.gets
  body
end

def read_request(socket)
  verb, path, = socket.gets.to_s.split
  return nil if path.nil?

  headers = {}
  until (line = socket.gets.to_s.strip).empty?
    name, value = line.split(":", 2)
    headers[name.downcase] = value.to_s.strip
  end
  Request.new(verb, path.split("?").first, headers, read_body(socket, headers).to_s)
end

def answer(socket, status, content, more = "")
  reason = status < 300 ? "OK" : "Error"
  socket.write("HTTP/1.1 #{status} #{reason}\r\n#{more}Content-Length: #{content.bytesize}\r\n\r\n#{content}")
end

# The other side closes the connection when it has read the answer.
def serve(socket)
  request = read_request(socket)
  return if request.nil?

  answer(socket, receive(request), "")
  socket.close_write if request.headers["connection"].to_s.downcase == "close"
  IO.copy_stream(socket, File::NULL)
rescue SystemCallError, IOError
  nil
ensure
  socket.close
end

def serve_hook(socket)
  request = read_request(socket)
  return if request.nil?

  found = LOCK.synchronize { hook(request) }
  answer(socket, found.nil? ? 404 : 200, JSON.generate(found), "Connection: close\r\n")
rescue SystemCallError, IOError
  nil
ensure
  socket.close
end

def listen(port)
  server = TCPServer.new("127.0.0.1", Integer(ENV.fetch(port)))
  server.listen(256)
  loop do
    socket = server.accept
    Thread.new { yield socket }
  end
end

# Ends with whoever started it.
Thread.new do
  $stdin.read
  exit!
end
Thread.new { listen("HOOKS_PORT") { |socket| serve_hook(socket) } }
listen("PORT") { |socket| serve(socket) }
