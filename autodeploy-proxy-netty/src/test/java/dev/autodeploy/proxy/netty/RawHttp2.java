package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/** A client of HTTP/2 that sends the frames it is told to, right or wrong. */
final class RawHttp2 implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;
  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;

  final Socket socket;
  private final DataInputStream in;
  private final Map<Integer, Answer> answers = new HashMap<>();
  private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);

  /** A frame as it came. */
  static final class Frame {
    private final int type;
    private final int flags;
    private final int stream;
    private final byte[] payload;

    Frame(int type, int flags, int stream, byte[] payload) {
      this.type = type;
      this.flags = flags;
      this.stream = stream;
      this.payload = payload;
    }

    int type() {
      return type;
    }

    int stream() {
      return stream;
    }

    int word(int at) {
      return ByteBuffer.wrap(payload).getInt(at);
    }

    /** Returns the value of one of the settings that the frame holds, or -1. */
    int setting(int id) {
      for (int at = 0; at < payload.length; at += 6) {
        if (ByteBuffer.wrap(payload).getShort(at) == id) {
          return word(at + 2);
        }
      }
      return -1;
    }

    boolean ends() {
      return (flags & END_STREAM) != 0;
    }
  }

  /** The frames that have come for one stream. */
  static final class Answer {
    final Map<String, String> head = new HashMap<>();
    final Map<String, String> trailers = new HashMap<>();
    final ByteArrayOutputStream body = new ByteArrayOutputStream();
    boolean ended;
    int reset = -1;

    int status() {
      return Integer.parseInt(head.get(":status"));
    }

    String text() {
      return body.toString(ISO_8859_1);
    }
  }

  RawHttp2(int port) throws IOException {
    this(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  RawHttp2(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(20_000);
    in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
  }

  /** Sends what every connection begins with. */
  RawHttp2 begin(int... settings) throws IOException {
    bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1));
    ByteBuffer payload = ByteBuffer.allocate(settings.length * 3);
    for (int i = 0; i < settings.length; i += 2) {
      payload.putShort((short) settings[i]).putInt(settings[i + 1]);
    }
    return frame(SETTINGS, 0, 0, payload.array());
  }

  RawHttp2 bytes(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  RawHttp2 frame(int type, int flags, int stream, byte... payload) throws IOException {
    return bytes(frameBytes(type, flags, stream, payload));
  }

  static byte[] frameBytes(int type, int flags, int stream, byte... payload) {
    ByteBuffer out = ByteBuffer.allocate(9 + payload.length);
    out.put((byte) (payload.length >> 16)).putShort((short) payload.length);
    out.put((byte) type).put((byte) flags).putInt(stream).put(payload);
    return out.array();
  }

  /** Sends a request; the fields are pairs of names and values. */
  RawHttp2 headers(int stream, boolean last, String... fields) throws IOException {
    return frame(HEADERS, END_HEADERS | (last ? END_STREAM : 0), stream, block(fields));
  }

  RawHttp2 get(int stream, String path, String... more) throws IOException {
    return request(stream, "GET", path, true, more);
  }

  RawHttp2 request(int stream, String method, String path, boolean last, String... more)
      throws IOException {
    String[] all = new String[8 + more.length];
    System.arraycopy(
        new String[] {":method", method, ":scheme", "http", ":path", path, ":authority", "a"},
        0,
        all,
        0,
        8);
    System.arraycopy(more, 0, all, 8, more.length);
    return headers(stream, last, all);
  }

  RawHttp2 data(int stream, boolean last, String bytes) throws IOException {
    return frame(DATA, last ? END_STREAM : 0, stream, bytes.getBytes(ISO_8859_1));
  }

  RawHttp2 reset(int stream, int error) throws IOException {
    return frame(RST_STREAM, 0, stream, word(error));
  }

  RawHttp2 window(int stream, int more) throws IOException {
    return frame(WINDOW_UPDATE, 0, stream, word(more));
  }

  static byte[] word(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  /** Returns fields as literals that no table keeps. */
  static byte[] block(String... fields) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < fields.length; i += 2) {
      out.write(0);
      literal(out, fields[i]);
      literal(out, fields[i + 1]);
    }
    return out.toByteArray();
  }

  private static void literal(ByteArrayOutputStream out, String text) {
    int length = text.length();
    if (length < 127) {
      out.write(length);
    } else {
      out.write(127);
      int rest = length - 127;
      while (rest >= 128) {
        out.write(rest % 128 + 128);
        rest /= 128;
      }
      out.write(rest);
    }
    out.writeBytes(text.getBytes(ISO_8859_1));
  }

  /** Reads a frame, or returns null at the end of the connection. */
  Frame read() throws IOException {
    try {
      int first = in.readUnsignedByte();
      int length = first << 16 | in.readUnsignedShort();
      int type = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      int stream = in.readInt() & 0x7fffffff;
      return new Frame(type, flags, stream, in.readNBytes(length));
    } catch (EOFException e) {
      return null;
    }
  }

  /** Reads frames, and sends windows for what was read, until a stream has ended. */
  Answer answer(int stream) throws IOException {
    Answer answer = answers.computeIfAbsent(stream, any -> new Answer());
    while (!answer.ended && answer.reset < 0) {
      if (next() == null) {
        throw new EOFException("the connection ended");
      }
    }
    return answer;
  }

  /** Returns what has come for a stream until now. */
  Answer soFar(int stream) {
    return answers.computeIfAbsent(stream, any -> new Answer());
  }

  /** Reads a frame, and answers those of the connection. */
  Frame next() throws IOException {
    Frame frame = read();
    if (frame != null && frame.type == SETTINGS && (frame.flags & ACK) == 0) {
      frame(SETTINGS, ACK, 0);
    } else if (frame != null && frame.type == DATA && frame.payload.length > 0) {
      window(0, frame.payload.length);
      if (!frame.ends()) {
        window(frame.stream, frame.payload.length);
      }
    }
    if (frame != null && frame.stream > 0) {
      take(frame, answers.computeIfAbsent(frame.stream, any -> new Answer()));
    }
    return frame;
  }

  private void take(Frame frame, Answer answer) throws IOException {
    if (frame.type == HEADERS) {
      Map<String, String> into =
          answer.head.isEmpty() || answer.head.get(":status").startsWith("1")
              ? answer.head
              : answer.trailers;
      decode(frame).forEach(f -> into.put(f.getKey().toString(), f.getValue().toString()));
      answer.ended = frame.ends();
    } else if (frame.type == DATA) {
      answer.body.write(frame.payload);
      answer.ended = frame.ends();
    } else if (frame.type == RST_STREAM) {
      answer.reset = frame.word(0);
    }
  }

  Http2Headers decode(Frame frame) throws IOException {
    ByteBuf block = Unpooled.wrappedBuffer(frame.payload);
    try {
      return decoder.decodeHeaders(frame.stream, block);
    } catch (Http2Exception e) {
      throw new IOException(e);
    }
  }

  /** Reads until the connection ends; returns the error of its GOAWAY, or -1. */
  int end() throws IOException {
    int error = -1;
    try {
      for (Frame frame = read(); frame != null; frame = read()) {
        if (frame.type == GOAWAY) {
          error = frame.word(4);
        }
      }
    } catch (java.net.SocketException e) {
      return error; // it was reset
    }
    return error;
  }

  InputStream in() {
    return in;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
