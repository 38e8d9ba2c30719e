package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.handler.codec.http.HttpHeadersFactory;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields that a decoder reads, put straight among the gateway's: Netty's own table of fields
 * would be made for each message, and then copied. Names and values are checked as Netty checks
 * them (RFC 9110, 5.5 and 5.6.2). Numbers and times are not read from it. Used by one thread.
 */
final class DecodedFields extends io.netty.handler.codec.http.HttpHeaders {
  /** Makes those of a head; most have no more fields. */
  static final HttpHeadersFactory OF_HEADS = new Factory(10);

  /** Makes those behind a body; most have none. */
  static final HttpHeadersFactory OF_TRAILERS = new Factory(0);

  private final HttpHeaders fields;

  private record Factory(int expected) implements HttpHeadersFactory {
    @Override
    public io.netty.handler.codec.http.HttpHeaders newHeaders() {
      return new DecodedFields(expected);
    }

    @Override
    public io.netty.handler.codec.http.HttpHeaders newEmptyHeaders() {
      return new DecodedFields(0);
    }
  }

  private DecodedFields(int expected) {
    fields = new HttpHeaders(expected);
  }

  /** Returns the fields of a message; one that could not be read at all has none. */
  static HttpHeaders of(io.netty.handler.codec.http.HttpHeaders decoded) {
    return decoded instanceof DecodedFields ours ? ours.fields : new HttpHeaders(0);
  }

  private static void requireName(CharSequence name) {
    if (name.length() == 0 || HttpHeaderValidationUtil.validateToken(name) >= 0) {
      throw new IllegalArgumentException("a field's name is no token");
    }
  }

  private static String requireValue(Object value) {
    String text = value.toString();
    if (HttpHeaderValidationUtil.validateValidHeaderValue(text) >= 0) {
      throw new IllegalArgumentException("a field's value holds a control character");
    }
    return text;
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders add(CharSequence name, Object value) {
    requireName(name);
    fields.add(name.toString(), requireValue(value));
    return this;
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders add(String name, Object value) {
    return add((CharSequence) name, value);
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders add(String name, Iterable<?> values) {
    values.forEach(value -> add(name, value));
    return this;
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders addInt(CharSequence name, int value) {
    return add(name, value);
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders addShort(CharSequence name, short value) {
    return add(name, value);
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders set(String name, Object value) {
    fields.remove(name);
    return add(name, value);
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders set(String name, Iterable<?> values) {
    fields.remove(name);
    return add(name, values);
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders setInt(CharSequence name, int value) {
    return set(name, value);
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders setShort(CharSequence name, short value) {
    return set(name, value);
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders remove(String name) {
    fields.remove(name);
    return this;
  }

  @Override
  public io.netty.handler.codec.http.HttpHeaders clear() {
    names().forEach(fields::remove);
    return this;
  }

  @Override
  public @Nullable String get(String name) {
    return fields.first(name);
  }

  @Override
  public List<String> getAll(String name) {
    return fields.all(name);
  }

  @Override
  public boolean contains(String name) {
    return fields.first(name) != null;
  }

  @Override
  public boolean isEmpty() {
    return fields.size() == 0;
  }

  @Override
  public int size() {
    return fields.size();
  }

  @Override
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    entries().forEach(field -> names.add(field.getKey()));
    return names;
  }

  @Override
  public List<Map.Entry<String, String>> entries() {
    List<Map.Entry<String, String>> all = new ArrayList<>(fields.size());
    for (int i = 0; i < fields.size(); i++) {
      all.add(Map.entry(fields.name(i), fields.value(i)));
    }
    return all;
  }

  @Override
  @SuppressWarnings("deprecation") // it has to be there
  public Iterator<Map.Entry<String, String>> iterator() {
    return entries().iterator();
  }

  @Override
  public Iterator<Map.Entry<CharSequence, CharSequence>> iteratorCharSequence() {
    List<Map.Entry<CharSequence, CharSequence>> all = new ArrayList<>(fields.size());
    entries().forEach(field -> all.add(Map.entry(field.getKey(), field.getValue())));
    return all.iterator();
  }

  // What no decoder asks for

  private static UnsupportedOperationException unread() {
    return new UnsupportedOperationException("numbers and times are read elsewhere");
  }

  @Override
  public Integer getInt(CharSequence name) {
    throw unread();
  }

  @Override
  public int getInt(CharSequence name, int otherwise) {
    throw unread();
  }

  @Override
  public Short getShort(CharSequence name) {
    throw unread();
  }

  @Override
  public short getShort(CharSequence name, short otherwise) {
    throw unread();
  }

  @Override
  public Long getTimeMillis(CharSequence name) {
    throw unread();
  }

  @Override
  public long getTimeMillis(CharSequence name, long otherwise) {
    throw unread();
  }
}
