#!/usr/bin/env ruby
# frozen_string_literal: true

# A web server in one file. A connection serves five requests; the fifth response announces the end of it.

require 'json'
require 'openssl'
require 'socket'
require 'time'
require 'uri'

MAX_REQUESTS = 5

# The journal of all events, with what follows from them.
class Journal
  Lead = Struct.new(:suppressed, :unsubscribed, :open_count, :sentiment, :as_of)

  attr_accessor :broken

  def initialize(path)
    @mutex = Mutex.new
    @events = Hash.new(0)
    @types = Hash.new(0)
    @leads = {}
    @file = File.open(path, 'a+b')
    @file.rewind
    @file.each_line { |line| learn(JSON.parse(line)) if line.end_with?("\n") }
  end

  def add(event)
    @mutex.synchronize do
      return :known if @events.key?(event['id'])
      return :failed if broken

      @file.write("#{JSON.generate(event, ascii_only: true)}\n")
      @file.flush
      learn(event)
      :added
    end
  end

  def effects(id)
    @mutex.synchronize { @events.fetch(id, 0) }
  end

  def lead(email)
    @mutex.synchronize do
      return unless (lead = @leads[email])

      sent = @types['email.sent']
      rate = sent.positive? ? [1, @types['email.bounced'].fdiv(sent)].min : nil
      lead.to_h.except(:as_of).merge(rates: { bounce_rate: rate })
    end
  end

  private

  def learn(event)
    @events[event['id']] += 1
    @types[event['event']] += 1
    data = event['data']
    return unless data['lead_email'].is_a?(String)

    lead = (@leads[data['lead_email']] ||= Lead.new(false, false, 0, nil, Time.at(-10**11)))
    case event['event']
    when 'email.opened'
      lead.open_count = [lead.open_count, data['open_count']].max if data['open_count'].is_a?(Numeric)
    when 'email.bounced'
      lead.suppressed ||= data['bounce_type'] == 'hard'
    when 'email.unsubscribed'
      lead.unsubscribed = true
      lead.suppressed ||= data['suppressed_globally'] == true
    when 'email.replied'
      at = Time.iso8601(event['timestamp'])
      lead.sentiment, lead.as_of = data['reply_sentiment'], at if at >= lead.as_of
    end
  end
end

# One request as it came.
Request = Struct.new(:verb, :target, :version, :headers, :body)

# A connection with a client.
class Connection
  class Broken < StandardError; end

  def initialize(socket)
    @socket = socket
    socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
  end

  def requests
    number = 0
    while (request = read)
      number += 1
      persistent = request.version == 'HTTP/1.1' && request.headers['connection'].to_s.downcase != 'close'
      last = !persistent || number == MAX_REQUESTS
      write(request, *yield(request), last ? nil : MAX_REQUESTS - number)
      break if last
    end
  rescue Broken, SystemCallError, IOError
    # Nothing to answer.
  ensure
    close
  end

  private

  def line
    text = @socket.gets("\n", 70_000) or return
    raise Broken unless text.end_with?("\n")

    text.chomp
  end

  def read
    verb, target, version = line&.split
    return if version.nil?

    headers = {}
    while (header = line) && !header.empty?
      name, value = header.split(':', 2)
      headers[name.downcase] = value.to_s.strip
    end
    @socket.write("HTTP/1.1 100 Continue\r\n\r\n") if headers['expect'].to_s.downcase == '100-continue'
    Request.new(verb, target, version, headers, body(headers))
  end

  def body(headers)
    return exactly(headers['content-length'].to_i) unless headers['transfer-encoding'].to_s.downcase == 'chunked'

    parts = []
    until (size = line.to_s[/\A\h+/].to_s.hex).zero?
      parts << exactly(size)
      line
    end
    nil until line.to_s.empty?
    parts.join
  end

  def exactly(size)
    return ''.b if size.zero?

    bytes = @socket.read(size)
    raise Broken if bytes.nil? || bytes.bytesize < size

    bytes
  end

  def write(request, status, value, left)
    text = JSON.generate(value)
    head = ["HTTP/1.1 #{status} Done", 'Content-Type: application/json', "Content-Length: #{text.bytesize}"]
    head += left ? ["Keep-Alive: timeout=60, max=#{left}", 'Connection: keep-alive'] : ['Connection: close']
    @socket.write("#{head.join("\r\n")}\r\n\r\n#{text unless request.verb == 'HEAD'}")
  end

  # Says goodbye first, so that the last response is not lost when requests are still arriving.
  def close
    @socket.close_write
    @socket.wait_readable(1) && @socket.read_nonblock(100_000, exception: false)
  rescue SystemCallError, IOError
    # Closed already.
  ensure
    @socket.close
  end
end

journal = Journal.new(ENV.fetch('DATABASE'))

parse = lambda do |body|
  event = JSON.parse(body.force_encoding(Encoding::UTF_8).scrub('?'))
  next unless event.is_a?(Hash) && event['data'].is_a?(Hash)
  next unless [event['id'], event['event'], event['timestamp']].all?(String)

  Time.iso8601(event['timestamp'])
  tidy = ->(value) { value.is_a?(String) ? value.scrub('?') : value }
  event = event.slice('id', 'event', 'timestamp').transform_values(&tidy).merge('data' => event['data'].transform_values(&tidy))
  JSON.generate(event)
  event
rescue JSON::JSONError, ArgumentError
  nil
end

webhook = lambda do |request|
  next [404, { error: 'not found' }] unless request.target.split('?').first == '/webhooks/sendemall'
  next [405, { error: 'not allowed' }] unless request.verb == 'POST'

  signature = "sha256=#{OpenSSL::HMAC.hexdigest('SHA256', ENV.fetch('SENDEMALL_SECRET'), request.body)}"
  given = request.headers['x-sendemall-signature'].to_s
  unless given.bytesize == signature.bytesize && OpenSSL.fixed_length_secure_compare(signature, given.b)
    next [401, { error: 'invalid signature' }]
  end

  event = parse.call(request.body)
  next [400, { error: 'invalid event' }] unless event

  journal.add(event) == :failed ? [503, { error: 'try again' }] : [200, { received: true }]
end

hooks = lambda do |request|
  _, kind, key = request.target.split('/', 3)
  key = URI.decode_www_form_component(key.to_s.gsub('+', '%2B'))
  case kind
  when 'effects' then [200, { count: journal.effects(key) }]
  when 'leads' then (lead = journal.lead(key)) ? [200, lead] : [404, {}]
  else
    journal.broken = JSON.parse(request.body)['fail']
    [200, {}]
  end
end

{ 'HOOKS_PORT' => hooks, 'PORT' => webhook }.each do |port, application|
  server = TCPServer.new('127.0.0.1', ENV.fetch(port))
  server.listen(256)
  Thread.new do
    loop { Thread.new(server.accept) { |socket| Connection.new(socket).requests(&application) } }
  end
end
$stdin.read
exit!
