# frozen_string_literal: true

# Keeps leads, and a digest of each month for the report to the board, in a PStore.

require 'json'
require 'openssl'
require 'pstore'
require 'time'
require 'webrick'

PATH = '/webhooks/sendemall'
TIMESTAMP = /\A\d{4}-(?<month>\d\d)-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\z/

# A lead as it is stored.
Lead = Struct.new(:suppressed, :unsubscribed, :open_count, :sentiment, :replied_at) do
  def self.fresh
    new(false, false, 0, nil, Time.at(0))
  end

  def update(type, data, time)
    case type
    when 'email.bounced' then self.suppressed ||= data['bounce_type'] == 'hard'
    when 'email.opened' then self.open_count = [open_count, data['open_count']].grep(Numeric).max
    when 'email.replied' then reply(data['reply_sentiment'], time)
    when 'email.unsubscribed'
      self.unsubscribed = true
      self.suppressed ||= data['suppressed_globally'] == true
    end
  end

  def reply(value, time)
    return if time < replied_at

    self.sentiment = value
    self.replied_at = time
  end
end

# All that is kept. The process holds a copy of it; the file is written with each event.
class Board
  def initialize(path)
    @pstore = PStore.new(path, true)
    @pstore.ultra_safe = true
    @locked = false
    @pstore.transaction do
      @pstore[:events] ||= {}
      @pstore[:leads] ||= {}
      # The number of events by month (1 to 12) and type.
      @pstore[:digest] ||= Array.new(13) { Hash.new(0) }
    end
  end

  attr_writer :locked

  # Counts an event and updates its lead, once.
  def take(event)
    id, type, timestamp, data = event.values_at('id', 'event', 'timestamp', 'data')
    @pstore.transaction do
      next if @pstore[:events].key?(id)
      raise IOError, 'The board is locked.' if @locked

      @pstore[:events][id] = type
      @pstore[:digest][month(timestamp)][type] += 1
      email = data['lead_email']
      (@pstore[:leads][email] ||= Lead.fresh).update(type, data, Time.iso8601(timestamp)) if email.is_a?(String)
    end
  end

  def count(id)
    read { |board| board[:events].key?(id) ? 1 : 0 }
  end

  def describe(email)
    read do |board|
      lead = board[:leads][email]
      lead && {
        suppressed: lead.suppressed, unsubscribed: lead.unsubscribed, open_count: lead.open_count,
        sentiment: lead.sentiment, rates: { bounce_rate: bounce_rate(board[:digest]) }
      }
    end
  end

  private

  def read
    @pstore.transaction(true) { yield @pstore }
  end

  def month(timestamp)
    Integer(timestamp[TIMESTAMP, :month])
  end

  def bounce_rate(digest)
    sent, bounced = %w[email.sent email.bounced].map { |type| digest.sum { |month| month[type] } }
    sent.zero? ? nil : [1, bounced.fdiv(sent)].min
  end
end

# Verifies, parses and hands on.
class Endpoint < WEBrick::HTTPServlet::AbstractServlet
  def initialize(server, board)
    super(server)
    @board = board
  end

  def service(request, response)
    request.continue
    response.status = handle(request)
    response.body = "#{response.status}\n"
  end

  private

  def handle(request)
    return 404 if request.path != PATH
    return 405 if request.request_method == 'GET'

    body = request.body.to_s
    return 405 if request.request_method != 'POST'
    return 401 unless genuine?(body, request['x-sendemall-signature'])

    event = parse(body)
    return 400 if event.nil?

    @board.take(event) if event['event'].start_with?('email.', 'campaign.')
    200
  rescue WEBrick::HTTPStatus::Status
    raise
  rescue StandardError
    500
  end

  def genuine?(body, signature)
    hash = OpenSSL::HMAC.hexdigest('SHA256', ENV.fetch('SENDEMALL_SECRET'), body)
    signature && OpenSSL.secure_compare("sha256=#{hash}", signature)
  end

  def parse(body)
    text = body.dup.force_encoding(Encoding::UTF_8)
    event = text.valid_encoding? && JSON.parse(text)
    return unless event.is_a?(Hash) && event['data'].is_a?(Hash)
    return unless event.values_at('id', 'event').all?(String) && event['timestamp'].to_s.match?(TIMESTAMP)

    Time.iso8601(event['timestamp'])
    event
  rescue JSON::ParserError, ArgumentError
    nil
  end
end

# For tests.
class Hooks < WEBrick::HTTPServlet::AbstractServlet
  def initialize(server, board)
    super(server)
    @board = board
  end

  def service(request, response)
    path = request.unparsed_uri
    key = WEBrick::HTTPUtils.unescape(path.split('/', 3)[2].to_s).force_encoding(Encoding::UTF_8)
    found = {}
    if path.start_with?('/effects/') then found = { count: @board.count(key) }
    elsif path.start_with?('/leads/') then found = @board.describe(key)
    else @board.locked = JSON.parse(request.body)['fail']
    end
    response.status = found ? 200 : 404
    response.body = JSON.generate(found)
  end
end

board = Board.new(ENV.fetch('DATABASE'))
{ 'HOOKS_PORT' => Hooks, 'PORT' => Endpoint }.each do |port, servlet|
  server = WEBrick::HTTPServer.new(
    Port: Integer(ENV.fetch(port)), BindAddress: '127.0.0.1', MaxClients: 200,
    AccessLog: [], Logger: WEBrick::Log.new(File::NULL)
  )
  server.mount('/', servlet, board)
  Thread.new { server.start }
end
$stdin.read
exit!
