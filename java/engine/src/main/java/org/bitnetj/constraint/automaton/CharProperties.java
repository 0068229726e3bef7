package org.bitnetj.constraint.automaton;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The properties of characters that {@code \p{…}} names, by the JDK's version of Unicode. */
final class CharProperties {
  /** General categories by the names of Unicode's PropertyValueAliases.txt. */
  private static final Map<String, String> CATEGORIES =
      Map.ofEntries(
          Map.entry("Letter", "L"),
          Map.entry("Cased_Letter", "LC"),
          Map.entry("Uppercase_Letter", "Lu"),
          Map.entry("Lowercase_Letter", "Ll"),
          Map.entry("Titlecase_Letter", "Lt"),
          Map.entry("Modifier_Letter", "Lm"),
          Map.entry("Other_Letter", "Lo"),
          Map.entry("Mark", "M"),
          Map.entry("Combining_Mark", "M"),
          Map.entry("Nonspacing_Mark", "Mn"),
          Map.entry("Spacing_Mark", "Mc"),
          Map.entry("Enclosing_Mark", "Me"),
          Map.entry("Number", "N"),
          Map.entry("Decimal_Number", "Nd"),
          Map.entry("digit", "Nd"),
          Map.entry("Letter_Number", "Nl"),
          Map.entry("Other_Number", "No"),
          Map.entry("Punctuation", "P"),
          Map.entry("punct", "P"),
          Map.entry("Connector_Punctuation", "Pc"),
          Map.entry("Dash_Punctuation", "Pd"),
          Map.entry("Open_Punctuation", "Ps"),
          Map.entry("Close_Punctuation", "Pe"),
          Map.entry("Initial_Punctuation", "Pi"),
          Map.entry("Final_Punctuation", "Pf"),
          Map.entry("Other_Punctuation", "Po"),
          Map.entry("Symbol", "S"),
          Map.entry("Math_Symbol", "Sm"),
          Map.entry("Currency_Symbol", "Sc"),
          Map.entry("Modifier_Symbol", "Sk"),
          Map.entry("Other_Symbol", "So"),
          Map.entry("Separator", "Z"),
          Map.entry("Space_Separator", "Zs"),
          Map.entry("Line_Separator", "Zl"),
          Map.entry("Paragraph_Separator", "Zp"),
          Map.entry("Control", "Cc"),
          Map.entry("Format", "Cf"),
          Map.entry("Private_Use", "Co"),
          Map.entry("Unassigned", "Cn"));

  private CharProperties() {}

  /**
   * The characters of a general category or script ({@code Lu}, {@code Letter}, {@code
   * General_Category=Lu}, {@code Script=Greek}), or of Any, ASCII, Alphabetic, Lowercase, Uppercase
   * or White_Space; null if the name is not among these.
   */
  static @Nullable CharSet find(String name) {
    int equals = name.indexOf('=');
    String value = name.substring(equals + 1);
    if (equals >= 0) {
      return switch (name.substring(0, equals)) {
        case "General_Category", "gc" -> category(value);
        case "Script", "sc" -> script(value);
        default -> null;
      };
    }
    return switch (name) {
      case "Any" -> CharSet.ALL;
      case "ASCII" -> CharSet.range(0, 0x7F);
      case "Alphabetic", "Alpha" -> CharSet.where(Character::isAlphabetic);
      case "Lowercase", "Lower" -> CharSet.where(Character::isLowerCase);
      case "Uppercase", "Upper" -> CharSet.where(Character::isUpperCase);
      case "White_Space", "space" ->
          CharSet.where(c -> Character.isSpaceChar(c) || (c >= '\t' && c <= '\r') || c == 0x85);
      default -> category(name);
    };
  }

  private static @Nullable CharSet category(String name) {
    String category = CATEGORIES.getOrDefault(name, name);
    if (category.length() > 2) {
      return null;
    }
    CharSet set = CharSet.where(c -> isOf(category, Character.getType(c)));
    return set.equals(CharSet.NONE) ? null : set;
  }

  private static boolean isOf(String category, int type) {
    String code = code(type);
    return code.equals(category)
        || (category.length() == 1 && code.startsWith(category))
        || (category.equals("LC") && "Lu Ll Lt".contains(code));
  }

  private static String code(int type) {
    return switch ((byte) type) {
      case Character.UPPERCASE_LETTER -> "Lu";
      case Character.LOWERCASE_LETTER -> "Ll";
      case Character.TITLECASE_LETTER -> "Lt";
      case Character.MODIFIER_LETTER -> "Lm";
      case Character.OTHER_LETTER -> "Lo";
      case Character.NON_SPACING_MARK -> "Mn";
      case Character.COMBINING_SPACING_MARK -> "Mc";
      case Character.ENCLOSING_MARK -> "Me";
      case Character.DECIMAL_DIGIT_NUMBER -> "Nd";
      case Character.LETTER_NUMBER -> "Nl";
      case Character.OTHER_NUMBER -> "No";
      case Character.CONNECTOR_PUNCTUATION -> "Pc";
      case Character.DASH_PUNCTUATION -> "Pd";
      case Character.START_PUNCTUATION -> "Ps";
      case Character.END_PUNCTUATION -> "Pe";
      case Character.INITIAL_QUOTE_PUNCTUATION -> "Pi";
      case Character.FINAL_QUOTE_PUNCTUATION -> "Pf";
      case Character.OTHER_PUNCTUATION -> "Po";
      case Character.MATH_SYMBOL -> "Sm";
      case Character.CURRENCY_SYMBOL -> "Sc";
      case Character.MODIFIER_SYMBOL -> "Sk";
      case Character.OTHER_SYMBOL -> "So";
      case Character.SPACE_SEPARATOR -> "Zs";
      case Character.LINE_SEPARATOR -> "Zl";
      case Character.PARAGRAPH_SEPARATOR -> "Zp";
      case Character.CONTROL -> "Cc";
      case Character.FORMAT -> "Cf";
      case Character.PRIVATE_USE -> "Co";
      default -> "Cn";
    };
  }

  private static @Nullable CharSet script(String name) {
    try {
      Character.UnicodeScript script = Character.UnicodeScript.forName(name);
      return CharSet.where(c -> Character.UnicodeScript.of(c) == script);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
