package org.bitnetj.kernel.ffi;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code native/include/bitnet.h} declares. The parser knows only the few constructs that
 * header is allowed and refuses every other one, so nothing in the header escapes the comparison
 * with the bindings.
 *
 * @param constants name to value of each {@code #define BN_NAME number}
 * @param structs name to fields in order of each {@code typedef struct}
 * @param functions name to signature of each {@code BN_API} function
 */
record CHeader(
    Map<String, Integer> constants,
    Map<String, List<Variable>> structs,
    Map<String, Function> functions) {

  /** A struct's field or a function's parameter; the type without const, pointers ending in *. */
  record Variable(String type, String name) {}

  record Function(String returns, List<Variable> parameters) {}

  private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL);
  private static final Pattern CONSTANT = Pattern.compile("#define (BN_[A-Z0-9_]+) (\\d+)");
  private static final Pattern PLUMBING =
      Pattern.compile(
          "#(ifndef BITNET_H|define BITNET_H|include <stdint\\.h>|ifdef __cplusplus"
              + "|if defined\\(_WIN32\\)|else|endif"
              + "|define BN_API __declspec\\(dllexport\\)"
              + "|define BN_API __attribute__\\(\\(visibility\\(\"default\"\\)\\)\\))");
  private static final Pattern STRUCT =
      Pattern.compile("typedef struct (\\w+) \\{([^{}]*)\\} (\\w+);");
  private static final Pattern FUNCTION = Pattern.compile("BN_API ([^()]*?)(\\w+)\\(([^()]*)\\);");
  private static final Pattern VARIABLE =
      Pattern.compile("(?:const )?(\\w+) ?((?:\\* ?(?:const)?)*) ?(\\w+)");

  static CHeader parse(String source) {
    Map<String, Integer> constants = new LinkedHashMap<>();
    StringBuilder declarations = new StringBuilder();
    for (String line : COMMENT.matcher(source).replaceAll(" ").lines().toList()) {
      String text = line.strip().replaceAll("\\s+", " ");
      Matcher constant = CONSTANT.matcher(text);
      if (constant.matches()) {
        constants.put(constant.group(1), Integer.valueOf(constant.group(2)));
      } else if (text.startsWith("#")) {
        require(PLUMBING.matcher(text).matches(), text);
      } else {
        declarations.append(text).append(' ');
      }
    }
    String rest = declarations.toString().replaceAll("\\s+", " ");

    Map<String, List<Variable>> structs = new LinkedHashMap<>();
    Matcher struct = STRUCT.matcher(rest);
    while (struct.find()) {
      require(struct.group(1).equals(struct.group(3)), struct.group());
      structs.put(struct.group(1), variables(struct.group(2), ";"));
    }
    rest = struct.replaceAll(" ");

    Map<String, Function> functions = new LinkedHashMap<>();
    Matcher function = FUNCTION.matcher(rest);
    while (function.find()) {
      String parameters = function.group(3).strip();
      functions.put(
          function.group(2),
          new Function(
              function.group(1).replace(" ", ""),
              parameters.equals("void") ? List.of() : variables(parameters, ",")));
    }
    rest = function.replaceAll(" ").replaceFirst("extern \"C\" \\{", " ").replaceFirst("\\}", " ");
    require(rest.isBlank(), rest.strip());
    return new CHeader(constants, structs, functions);
  }

  private static List<Variable> variables(String list, String separator) {
    List<Variable> result = new ArrayList<>();
    for (String text : list.split(separator)) {
      if (!text.isBlank()) {
        Matcher variable = VARIABLE.matcher(text.strip());
        require(variable.matches(), text);
        String pointer = variable.group(2).isEmpty() ? "" : "*";
        result.add(new Variable(variable.group(1) + pointer, variable.group(3)));
      }
    }
    return result;
  }

  private static void require(boolean known, String text) {
    if (!known) {
      throw new AssertionError(
          "native/include/bitnet.h holds something this test cannot compare: " + text);
    }
  }
}
