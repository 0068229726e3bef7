@echo off
rem bitnet: the command line of bitnet.java on Windows, run from the unpacked archive of a release.
rem It chooses Java and its options as the script "bitnet" does for other systems, but makes no
rem start-up cache. BITNET_JAVA_OPTS is handed to java. What this script says goes to standard error.
setlocal EnableExtensions DisableDelayedExpansion
set "oldest_jdk=25"
set "root=%~dp0"

rem ---- Java: JAVA_HOME, then the PATH, then where installers put it ----
set "jdk="
if defined JAVA_HOME call :accept "%JAVA_HOME%"
if not defined jdk for /f "delims=" %%j in ('where java 2^>nul') do if not defined jdk call :accept "%%~dpj.."
if not defined jdk for /d %%d in ("%ProgramFiles%\Eclipse Adoptium\*" "%ProgramFiles%\Java\*" "%ProgramFiles%\Microsoft\jdk-*" "%ProgramFiles%\Zulu\*" "%ProgramFiles%\Amazon Corretto\*" "%ProgramFiles%\BellSoft\*" "%USERPROFILE%\.jdks\*") do if not defined jdk call :accept "%%~d"
rem No block in parentheses: one in the name of a folder, as in "Program Files (x86)", would end it.
if not defined jdk goto nojdk
if "%~1"=="--setup" goto setup

rem ---- options ----
set "java_options=-XX:+UseSerialGC -XX:-UsePerfData"
set "quick=-XX:TieredStopAtLevel=1"
set "module=--add-modules jdk.incubator.vector"
set "jar=%root%bitnet.jar"
if "%~1"=="serve" set "jar=%root%bitnet-serve.jar"
set "computes="
for %%c in (run chat serve logits perplexity embed bench doctor) do if "%~1"=="%%c" set "computes=1"
if "%~1"=="inspect" set "computes=1"
set "is_text="
for %%c in (run chat) do if "%~1"=="%%c" set "is_text=1"
set "java_kernels="
set "scalar="
if "%~1"=="doctor" set "java_kernels=1"
if "%~1 %~2"=="bench kernels" set "java_kernels=1"

rem Which kernels are named. cmd ends words at = and , too, so that --kernels=A,B is three of them:
rem up to the next option they are names of kernels.
set "named=1"
if defined BITNET_KERNELS for %%k in (%BITNET_KERNELS%) do call :name "%%~k"
set "named="
:scan
if [%1]==[] goto scanned
set "word=%~1"
if "%word:~0,1%"=="-" set "named="
if defined named call :name "%~1"
if "%~1"=="--kernels" set "named=1"
shift /1
goto scan
:scanned
if defined computes if defined java_kernels set "java_options=%java_options% %module%" & set "is_text="
if defined is_text if not defined scalar set "java_options=%java_options% %quick%"

rem ---- run: the console must show what the command writes, which is UTF-8 ----
for /f "tokens=2 delims=:." %%p in ('chcp') do set "page=%%p"
chcp 65001 >nul
"%jdk%\bin\java.exe" %java_options% %BITNET_JAVA_OPTS% -jar "%jar%" %*
set "code=%ERRORLEVEL%"
if defined page chcp %page% >nul
exit /b %code%

:nojdk
>&2 echo bitnet: a Java runtime %oldest_jdk% or newer is needed and was found neither by JAVA_HOME, on the PATH, nor under "%ProgramFiles%": install one (https://adoptium.net has them for every system) or let JAVA_HOME name it.
exit /b 1

:setup
>&2 echo bitnet: --setup did nothing: this is a release, which is ready with "%jdk%".
exit /b 3

:name
if /i "%~1"=="vector" set "java_kernels=1"
if /i "%~1"=="scalar" set "scalar=1"
exit /b 0

:accept
if not exist "%~1\bin\java.exe" exit /b 1
if not exist "%~1\release" exit /b 1
for /f "usebackq tokens=1,2 delims==" %%k in ("%~f1\release") do if "%%~k"=="JAVA_VERSION" call :compare "%~f1" "%%~l"
exit /b 0

:compare
for /f "delims=.-+ " %%m in ("%~2") do if %%m GEQ %oldest_jdk% set "jdk=%~1"
exit /b 0
