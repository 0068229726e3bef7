package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.bitnetj.bench.energy.Energy;
import org.bitnetj.bench.energy.EnergyReading;
import org.bitnetj.bench.energy.NoEnergy;
import org.bitnetj.kernel.KernelTier;
import org.junit.jupiter.api.Test;

/** What is not known is left out of each form of the report, and what is known is in all. */
class ModelReportTest {
  private static final NoEnergy NO_ENERGY = new NoEnergy("there are no counters");

  private static ModelReportWriter writer(OptionalLong... allocated) {
    return writer(NO_ENERGY, List.of(), allocated);
  }

  private static ModelReportWriter writer(
      EnergyReading idle, List<Energy> energies, OptionalLong... allocated) {
    ModelResult result = result(allocated);
    energies.forEach(result::add);
    return new ModelReportWriter(
        ModelReports.of(idle, "tiny", Optional.empty(), List.of(new MachineRates(1)), result));
  }

  private static ModelResult result(OptionalLong... allocated) {
    ModelResult result =
        new ModelResult(ModelResult.Kind.DECODE, 2, 0, 1, KernelTier.SCALAR, 1, 100, 1000);
    for (OptionalLong bytes : allocated) {
      result.add(0.5, 0.6, bytes, new MachineRates(1));
    }
    return result;
  }

  private static JsonNode json(ModelReportWriter writer) throws IOException {
    return new ObjectMapper().readTree(writer.json()).get("results").get(0);
  }

  private static String csv(ModelReportWriter writer, String name) {
    List<String> lines = writer.csv().lines().toList();
    int column = List.of(lines.getFirst().split(",")).indexOf(name);
    return lines.getLast().split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1)[column];
  }

  private static String markdown(ModelReportWriter writer) {
    String last = writer.markdown().lines().toList().getLast();
    String[] cells = last.split("\\|");
    return cells[cells.length - 3].strip();
  }

  /** Two repetitions of two tokens in 4 s each. */
  private static ModelReportWriter withEnergy(
      EnergyReading idle, OptionalDouble first, OptionalDouble second) {
    return writer(
        idle,
        List.of(new Energy(100, first, 4), new Energy(120, second, 4)),
        OptionalLong.of(0),
        OptionalLong.of(0));
  }

  @Test
  void energyIsThatOfAllRepetitionsAsItIsAndLessIdle() throws IOException {
    Energy idle = new Energy(20, OptionalDouble.of(1), 2);
    ModelReportWriter writer = withEnergy(idle, OptionalDouble.of(8), OptionalDouble.of(12));
    JsonNode common = new ObjectMapper().readTree(writer.json());
    assertEquals(2, common.get("idle_seconds").doubleValue());
    assertEquals(10, common.get("idle_package_watts").doubleValue());
    assertEquals(0.5, common.get("idle_dram_watts").doubleValue());
    assertTrue(common.get("no_energy_because").isNull());
    JsonNode result = common.get("results").get(0);
    assertEquals(55, result.get("package_joules_per_token").doubleValue());
    assertEquals(35, result.get("package_joules_per_token_less_idle").doubleValue());
    assertEquals(5, result.get("dram_joules_per_token").doubleValue());
    assertEquals(4, result.get("dram_joules_per_token_less_idle").doubleValue());
    assertEquals("35.0", csv(writer, "package_joules_per_token_less_idle"));
    String text = writer.markdown().replaceAll(" +", " ");
    assertTrue(text.contains("| 55.00, 35.00 |") && text.contains("| 5.000, 4.000 |"), text);
    assertTrue(text.contains("idle, for 2.0 s before, 10.0 W and 0.5 W"), text);
  }

  @Test
  void energyOfMemoryThatIsNotCountedIsNotZero() throws IOException {
    Energy idle = new Energy(20, OptionalDouble.empty(), 2);
    ModelReportWriter writer = withEnergy(idle, OptionalDouble.empty(), OptionalDouble.empty());
    assertEquals(55, json(writer).get("package_joules_per_token").doubleValue());
    assertTrue(json(writer).get("dram_joules_per_token").isNull());
    assertTrue(json(writer).get("dram_joules_per_token_less_idle").isNull());
    String text = writer.markdown();
    assertTrue(text.contains("(DRAM is not counted); idle, for 2.0 s before, 10.0 W "), text);
  }

  /** Also where counters were lost after some repetitions. */
  @Test
  void energyThatIsNotKnownToTheEndIsLeftOutAndTheReasonGiven() throws IOException {
    ModelReportWriter writer = withEnergy(NO_ENERGY, OptionalDouble.of(8), OptionalDouble.of(12));
    JsonNode common = new ObjectMapper().readTree(writer.json());
    assertEquals("there are no counters", common.get("no_energy_because").textValue());
    assertTrue(common.get("idle_package_watts").isNull());
    for (String name : List.of("package_joules_per_token", "dram_joules_per_token_less_idle")) {
      assertTrue(json(writer).get(name).isNull(), name);
      assertEquals("", csv(writer, name));
    }
    String text = writer.markdown();
    assertTrue(text.contains("not available: there are no counters"), text);
    assertTrue(text.stripTrailing().replaceAll(" +", " ").endsWith("| – | – |"), text);
  }

  @Test
  void heapBytesAreTheMedianOfWhatTheRepetitionsTook() throws IOException {
    ModelReportWriter writer =
        writer(OptionalLong.of(64), OptionalLong.of(48), OptionalLong.of(4000));
    assertEquals(32.0, json(writer).get("heap_bytes_per_token").doubleValue());
    assertEquals("32.0", csv(writer, "heap_bytes_per_token"));
    assertEquals("32", markdown(writer));
    ModelReportWriter none = writer(OptionalLong.of(0));
    assertEquals(0.0, json(none).get("heap_bytes_per_token").doubleValue());
    assertEquals("0", markdown(none));
  }

  @Test
  void heapBytesThatTheJvmDoesNotCountAreNotZero() throws IOException {
    ModelReportWriter writer = writer(OptionalLong.empty(), OptionalLong.empty());
    assertTrue(json(writer).get("heap_bytes_per_token").isNull());
    assertEquals("", csv(writer, "heap_bytes_per_token"));
    assertEquals("–", markdown(writer));
  }

  @Test
  void sharesAreMediansOfWhatEachRepetitionUsedOfTheMachineAroundIt() {
    // 2 tokens of 50 cached bytes, besides no weights, and of 1000 products each.
    ModelResult result =
        new ModelResult(ModelResult.Kind.DECODE, 2, 0, 1, KernelTier.SCALAR, 1, 100, 1000);
    double[][] seconds = {{1, 125, 8000}, {2, 100, 1250}, {4, 250, 5000}};
    for (double[] repetition : seconds) {
      MachineRates around = new MachineRates(1);
      for (double part : new double[] {0.5, 1, 1.5}) {
        around.addBytes(part * repetition[1]);
        around.addProducts(part * repetition[2]);
      }
      result.add(repetition[0], repetition[0], OptionalLong.empty(), around);
    }
    assertEquals(0.5, result.bandwidthShare(), 1e-12); // 100 of 125, 50 of 100, 25 of 250
    assertEquals(0.25, result.peakShare(), 1e-12); // 2000 of 8000, 1000 of 1250, 500 of 5000
  }

  @Test
  void aShareOfWhatWasNotMeasuredIsNotKnown() throws IOException {
    JsonNode result = json(writer(OptionalLong.empty()));
    assertTrue(result.get("bandwidth_share_median").isNull());
    assertTrue(result.get("int8_peak_share_median").isNull());
    assertTrue(result.get("read_bytes_per_second_best").isNull());
  }

  @Test
  void countsOfMinusOneAreNone() {
    assertEquals(OptionalLong.of(24), ModelBenchmark.since(1000, 1024));
    assertEquals(OptionalLong.of(0), ModelBenchmark.since(0, 0));
    assertEquals(OptionalLong.empty(), ModelBenchmark.since(-1, -1));
    assertEquals(OptionalLong.empty(), ModelBenchmark.since(-1, 1024));
    assertEquals(OptionalLong.empty(), ModelBenchmark.since(1000, -1));
  }

  @Test
  void csvHasTheSameColumnsInTheSamePlaces() {
    String header = writer(OptionalLong.of(0)).csv().lines().toList().getFirst();
    assertEquals(
        "cpu,processors,system,java,model,file,file_bytes,architecture,ternary_bytes,sparse"
            + ",head_bytes,low_bit_head_bytes,kv_type,kv_bytes_reserved,step_tokens,head"
            + ",load_seconds,resident_bytes,peak_resident_bytes,idle_seconds,idle_package_watts"
            + ",idle_dram_watts,no_energy_because,probe,test,tokens,depth,batch,kernels,threads"
            + ",repetitions,tokens_per_second_mean,tokens_per_second_sd,tokens_per_second_median"
            + ",tokens_per_second_min,tokens_per_second_max,first_token_ms,bytes_per_token"
            + ",active_rows_share,nonzero_units_share,int8_products_per_token,kv_bytes"
            + ",heap_bytes_per_token,package_joules_per_token"
            + ",package_joules_per_token_less_idle,dram_joules_per_token"
            + ",dram_joules_per_token_less_idle,bandwidth_share_median,int8_peak_share_median"
            + ",read_bytes_per_second_best,read_bytes_per_second_median"
            + ",int8_products_per_second_best,int8_products_per_second_median,version,start"
            + ",commit,compiler,command,parameters,probe_reads,probe_bytes",
        header);
  }

  @Test
  void jsonSaysItsSchemaAndWhatMeasured() throws IOException {
    JsonNode json = new ObjectMapper().readTree(writer(OptionalLong.of(0)).json());
    assertEquals("bitnet-bench-model", json.get("schema").textValue());
    assertEquals(1, json.get("schema_version").intValue());
    assertEquals("1.2.3", json.get("version").textValue());
    assertEquals("abc123", json.get("commit").textValue());
    assertEquals("gcc 14.2.0", json.get("compiler").textValue());
    assertEquals("bitnet bench", json.get("command").textValue());
    assertEquals(9, json.get("parameters").longValue());
  }

  /** Of characters that are two chars each. */
  @Test
  void aLongNameIsCutBetweenCharacters() {
    for (String start : List.of("", "x")) {
      String name = start + "😀".repeat(100);
      String text =
          new ModelReportWriter(
                  ModelReports.of(
                      NO_ENERGY,
                      name,
                      Optional.empty(),
                      List.of(new MachineRates(1)),
                      result(OptionalLong.of(0))))
              .brief();
      String table = text.substring(0, text.indexOf("\n\n"));
      assertTrue(table.contains("😀… "), table);
      assertTrue(
          table.codePoints().noneMatch(c -> Character.getType(c) == Character.SURROGATE), table);
      assertTrue(table.indexOf('\n') <= 100, table);
    }
  }

  @Test
  void everyTextSaysWhatMeasured() {
    for (String text :
        List.of(
            writer(OptionalLong.of(0)).markdown(),
            writer(OptionalLong.of(0)).brief(),
            new ModelPage(
                    ModelReports.of(
                        NO_ENERGY,
                        "tiny",
                        Optional.empty(),
                        List.of(new MachineRates(1)),
                        result(OptionalLong.of(0))))
                .html())) {
      assertTrue(text.contains("1.2.3, commit abc123, native kernels by gcc 14.2.0"), text);
    }
  }
}
