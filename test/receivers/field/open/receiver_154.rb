# frozen_string_literal: true

# A socket server, a thread for each connection. Its status codes say more than the usual ones.

require 'json'
require 'openssl'
require 'socket'
require 'sqlite3'
require 'time'
require 'uri'

# Any 2xx is a success; these are not in the registry.
RECORDED = '250 Recorded'
REPEATED = '251 Recorded Before'
NO_CONCERN = '299 Not Our Concern'

SCHEMA = <<~SQL
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, type TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS people (
    email TEXT PRIMARY KEY, suppressed INTEGER DEFAULT 0, unsubscribed INTEGER DEFAULT 0,
    opens INTEGER DEFAULT 0, sentiment TEXT, replied_at REAL DEFAULT 0
  );
SQL

# Keeps events and people.
class Registry
  attr_accessor :closed

  def initialize(path)
    @db = SQLite3::Database.new(path)
    @db.execute_batch(SCHEMA)
    @lock = Mutex.new
    @closed = false
  end

  # Whether the event was new.
  def record(event)
    @lock.synchronize do
      @db.transaction(:immediate) do
        @db.execute('INSERT OR IGNORE INTO records VALUES (?, ?)', event.values_at('id', 'event'))
        is_new = @db.changes == 1
        raise IOError, 'closed' if is_new && @closed

        learn(event) if is_new
        is_new
      end
    end
  end

  def effects(id)
    @lock.synchronize { @db.get_first_value('SELECT count(*) FROM records WHERE id = ?', [id]) }
  end

  def describe(email)
    @lock.synchronize do
      row = @db.get_first_row('SELECT suppressed, unsubscribed, opens, sentiment FROM people WHERE email = ?', [email])
      row && { suppressed: row[0] == 1, unsubscribed: row[1] == 1, open_count: row[2], sentiment: row[3],
               rates: { bounce_rate: bounce_rate } }
    end
  end

  private

  def number(type)
    @db.get_first_value('SELECT count(*) FROM records WHERE type = ?', [type])
  end

  def bounce_rate
    sent = number('email.sent')
    sent.zero? ? nil : [number('email.bounced').fdiv(sent), 1].min
  end

  def learn(event)
    data = event['data']
    email = data['lead_email']
    return unless email.is_a?(String)

    @db.execute('INSERT OR IGNORE INTO people (email) VALUES (?)', [email])
    case event['event']
    when 'email.bounced' then suppress(email) if data['bounce_type'] == 'hard'
    when 'email.opened' then opened(email, data['open_count'])
    when 'email.replied' then replied(email, data['reply_sentiment'], Time.iso8601(event['timestamp']).to_f)
    when 'email.unsubscribed'
      @db.execute('UPDATE people SET unsubscribed = 1 WHERE email = ?', [email])
      suppress(email) if data['suppressed_globally'] == true
    end
  end

  def suppress(email)
    @db.execute('UPDATE people SET suppressed = 1 WHERE email = ?', [email])
  end

  def opened(email, count)
    return unless count.is_a?(Numeric)

    @db.execute('UPDATE people SET opens = max(opens, ?) WHERE email = ?', [[count, 2**60].min.to_i, email])
  end

  def replied(email, sentiment, at)
    @db.execute(
      'UPDATE people SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?',
      [sentiment.is_a?(String) ? sentiment : nil, at, email, at]
    )
  end
end

# Reads requests from a connection and writes responses to it.
class Connection
  Request = Struct.new(:verb, :path, :headers, :body)

  def initialize(socket)
    @socket = socket
    @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
  end

  def each
    while (request = read)
      status, content = yield request
      write(status, content, request)
      break if request.headers['connection'].to_s.casecmp?('close')
    end
  rescue SystemCallError, IOError
    nil
  ensure
    @socket.close
  end

  private

  def read
    verb, target, version = @socket.gets("\r\n")&.split
    return if verb.nil?
    return bad_request unless version.to_s.start_with?('HTTP/1.')

    headers = read_headers
    @socket.write("HTTP/1.1 100 Continue\r\n\r\n") if headers['expect'].to_s.casecmp?('100-continue')
    Request.new(verb, target.split('?').first, headers, read_body(headers))
  end

  def bad_request
    @socket.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    nil
  end

  def line
    @socket.gets("\r\n") || raise(EOFError)
  end

  def read_headers
    headers = {}
    until (text = line.chomp).empty?
      name, value = text.split(':', 2)
      headers[name.downcase] = value.to_s.strip
    end
    headers
  end

  def read_exactly(length)
    content = length.zero? ? +'' : @socket.read(length)
    content && content.bytesize == length ? content : raise(EOFError)
  end

  def read_body(headers)
    return read_exactly(headers['content-length'].to_i) unless headers['transfer-encoding'].to_s.casecmp?('chunked')

    body = +''
    until (size = line.to_i(16)).zero?
      body << read_exactly(size)
      line
    end
    nil until line == "\r\n"
    body
  end

  def write(status, content, request)
    head = "HTTP/1.1 #{status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: #{content.bytesize}\r\n\r\n"
    @socket.write(head)
    @socket.write(content) unless request.verb == 'HEAD'
  end
end

# What the webhook answers.
class Webhook
  def initialize(registry)
    @registry = registry
  end

  def call(request)
    status = status_for(request)
    [status, "#{status}\n"]
  end

  private

  def status_for(request)
    return '404 Not Found' unless request.path == '/webhooks/sendemall'
    return '405 Method Not Allowed' unless request.verb == 'POST'
    return '401 Unauthorized' unless signed?(request)

    event = parse(request.body)
    return '422 Unprocessable Content' if event.nil?
    return NO_CONCERN unless event['event'].start_with?('email.', 'campaign.')

    @registry.record(event) ? RECORDED : REPEATED
  rescue IOError, SQLite3::Exception
    '503 Service Unavailable'
  end

  def signed?(request)
    expected = "sha256=#{OpenSSL::HMAC.hexdigest('SHA256', ENV.fetch('SENDEMALL_SECRET'), request.body)}"
    OpenSSL.secure_compare(expected, request.headers['x-sendemall-signature'].to_s)
  end

  # The parser refuses halves of surrogate pairs, and senders cut texts there.
  def without_halves(json)
    json.gsub(/(?<!\\)((?:\\\\)*)(?:(\\ud[89ab]\h\h\\ud[c-f]\h\h)|\\ud[89a-f]\h\h)/i) { "#{$1}#{$2 || '\ufffd'}" }
  end

  def parse(body)
    text = body.dup.force_encoding(Encoding::UTF_8)
    return unless text.valid_encoding?

    event = JSON.parse(without_halves(text))
    return unless event.is_a?(Hash) && event['data'].is_a?(Hash)
    return unless event.values_at('id', 'event', 'timestamp').all?(String)
    return unless event['id'].valid_encoding?

    Time.iso8601(event['timestamp'])
    event
  rescue JSON::ParserError, ArgumentError
    nil
  end
end

# Test hooks.
class Hooks
  def initialize(registry)
    @registry = registry
  end

  def call(request)
    _, kind, key = request.path.split('/', 3)
    key = URI::DEFAULT_PARSER.unescape(key.to_s).force_encoding(Encoding::UTF_8)
    found =
      case kind
      when 'effects' then { count: @registry.effects(key) }
      when 'leads' then @registry.describe(key)
      else
        @registry.closed = JSON.parse(request.body)['fail']
        {}
      end
    [found ? '200 OK' : '404 Not Found', JSON.generate(found)]
  end
end

def listen(variable, handler)
  server = TCPServer.new('127.0.0.1', Integer(ENV.fetch(variable)))
  server.listen(256)
  Thread.new do
    loop do
      socket = server.accept
      Thread.new { Connection.new(socket).each { |request| handler.call(request) } }
    end
  end
end

Thread.report_on_exception = false
registry = Registry.new(ENV.fetch('DATABASE'))
listen('HOOKS_PORT', Hooks.new(registry))
listen('PORT', Webhook.new(registry))
$stdin.read
exit!
